"""
One transaction on the standard library's sqlite3: records as JSON, found by the few columns beside it.

SQLite itself sees to what must be unique, to what must be there, and to commits.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs
from plain_sqlite.tables import cells, columns_of, narrowed

from crmkit import Client, MemoryStorage, Share, from_builtins, to_builtins
from crmkit.errors import (
    Conflict,
    CRMError,
    StorageBusy,
    StorageFull,
    StorageUnreachable,
    TransactionOver,
)
from crmkit.events import Event
from crmkit.ids import ClientId
from crmkit.ports import (
    EVERYONE,
    KEPT,
    Entry,
    FrozenMap,
    Query,
    Record,
    RecordId,
    Scope,
    StorageTransaction,
    Versioned,
    holds,
    noun,
)

R = TypeVar("R", bound=Record)
#: What becomes of the connection at the end.
GiveBack = Callable[[sqlite3.Connection], None]
AT_ONCE = 500  #: ids in one statement: SQLite takes many parameters, but not any number
#: An empty store refuses what every storage must refuse: fields there are not, values nobody could compare.
_REFUSING = MemoryStorage().begin(write=False, scope=EVERYONE)


class PlainSQLiteTransaction(StorageTransaction):
    """One transaction: a connection of its own until it ends."""

    def __init__(self, connection: sqlite3.Connection, scope: Scope, write: bool, give_back: GiveBack) -> None:
        self.ended = False
        self._connection, self._scope, self._write, self._give_back = connection, scope, write, give_back
        self._failure: CRMError | None = None
        self._met: dict[ClientId, Client | None] = {}

    # Reading: SQL narrows to what the scope shows and an index finds, and `holds` has the last word.

    def narrow(self, scope: Scope) -> None:
        self._scope = scope

    def among(self, kind: type[Record], ids: Sequence[RecordId], scope: Scope) -> list[RecordId]:
        self._met.clear()
        rows = [row for id in ids for row in self._stored(kind, "id = ?", (str(id),))]
        return [row.id for row in rows if scope.shows(row, self)]

    def get_many(self, kind: type[R], ids: Sequence[RecordId]) -> list[R]:
        found = list[R]()
        for part in _parts([str(id) for id in dict.fromkeys(ids)]):
            found += self._rows(kind, f"id in ({_marks(part)})", part)
        return found

    def select(self, query: Query[R]) -> list[R]:
        _REFUSING.select(query)
        candidates = list[R]()
        if (one_of := narrowed(query)) is None:
            candidates = self._rows(query.kind)
        else:
            column, values = one_of
            for part in _parts(values):
                candidates += self._rows(query.kind, f'"{column}" in ({_marks(part)})', part)
        found = [row for row in candidates if holds(query.where, row)]
        found.sort(key=lambda row: _place(query, row), reverse=query.descending)
        if query.after is not None:
            value, id = query.after
            seen = (id,) if query.order_by == "id" else (value is not None, value, id)
            found = [
                row for row in found if (_place(query, row) < seen if query.descending else _place(query, row) > seen)
            ]
        return found[: query.limit]

    # Writing: whatever SQLite refuses ends the transaction.

    def insert(self, value: Record) -> None:
        kind, columns = type(value), ("id", "version", "body", *columns_of(type(value)))
        names = ", ".join(f'"{column}"' for column in columns)
        self._do(
            f'insert into "{kind.__name__}" ({names}) values ({_marks(columns)})',
            cells(value),
            Conflict(noun(kind), value.id),
        )

    def replace(self, value: Versioned, expected_version: int) -> None:
        clash = Conflict(noun(type(value)), value.id)
        if isinstance(value, Client):
            self._writing()
            stored = self._stored_client(value.id)
            if stored is None:
                raise self._failed(clash)
            value = _with_kept_of(stored, value)
        self._update(value, expected_version, clash)

    def put_back(self, client: Client) -> None:
        self._writing()
        if (stored := self._stored_client(client.id)) is not None:
            self._update(_with_kept_of(client, stored), stored.version, Conflict("client", client.id))

    def delete(self, kind: type[Record], id: RecordId) -> None:
        self._do(f'delete from "{kind.__name__}" where id = ?', (str(id),), Conflict(noun(kind), id))

    def lock(self, names: Iterable[str]) -> None:
        list(names)  # one transaction writes at a time: who writes holds every name

    # The journal and the keys.

    def append(self, entry: Entry) -> None:
        self._writing()
        if entry.events:
            self._do(
                "insert into Journal (events, subscribers, depth, pending) values (?, ?, ?, ?)",
                (
                    json.dumps(to_builtins(entry.events)),
                    json.dumps(to_builtins(entry.subscribers)),
                    entry.depth,
                    bool(entry.subscribers),
                ),
            )

    def journal(self) -> Iterator[Entry]:
        last = -1
        while rows := self._entries("position > ? order by position limit ?", (last, AT_ONCE)):
            last = rows[-1][0]
            yield from (entry for _, entry in rows)

    def journal_length(self) -> int:
        [[length]] = self._ask("select count(*) from Journal")
        return int(length)

    def pending(self, limit: int) -> list[tuple[int, Entry]]:
        return self._entries("pending order by position limit ?", (max(limit, 0),))

    def settle(self, positions: Collection[int]) -> None:
        for part in _parts(list(positions)):
            self._do(f"update Journal set pending = 0 where position in ({_marks(part)})", part)

    def entries(self, positions: Collection[int]) -> Mapping[int, Entry]:
        found = dict[int, Entry]()
        for part in _parts(list(positions)):
            found.update(self._entries(f"position in ({_marks(part)})", part))
        return found

    def written(self, after: int, limit: int) -> list[tuple[int, str]]:
        rows = self._ask(
            "select position, events from Journal where position > ? order by position limit ?", (after, max(limit, 0))
        )
        return [(position, events) for position, events in rows]

    def recall(self, key: str) -> str | None:
        return next((text for (text,) in self._ask("select text from Key where key = ?", (key,))), None)

    def remember(self, key: str, text: str) -> None:
        self._do("insert into Key (key, text) values (?, ?)", (key, text), Conflict("key", key))

    # The end.

    def commit(self) -> None:
        if self.ended:
            raise TransactionOver
        try:
            if self._failure is not None:
                raise self._failure
            self._ask("commit", clash=Conflict("client"))
        finally:
            self.rollback()

    def rollback(self) -> None:
        if not self.ended:
            self.ended = True
            self._give_back(self._connection)

    # Talking to SQLite.

    def _ask(self, sql: str, values: Sequence[Any] = (), clash: CRMError | None = None) -> list[tuple[Any, ...]]:
        if self.ended:
            raise TransactionOver
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._failed(translated(error, clash)) from error

    def _do(self, sql: str, values: Sequence[Any], clash: CRMError | None = None) -> int:
        self._writing()
        try:
            return self._connection.execute(sql, values).rowcount
        except sqlite3.Error as error:
            raise self._failed(translated(error, clash)) from error

    def _rows(self, kind: type[R], where: str = "true", values: Sequence[Any] = ()) -> list[R]:
        rows, scope = self._stored(kind, where, values), self._scope
        if scope.is_everything:
            return rows
        self._met.clear()  # whose they are, each looked up once
        return [row for row in rows if scope.shows(row, self)]

    def _stored(self, kind: type[R], where: str, values: Sequence[Any]) -> list[R]:
        rows = self._ask(f'select body from "{kind.__name__}" where {where}', values)
        return _list_of(kind, json.loads("[" + ",".join([body for (body,) in rows]) + "]"))

    # What a scope asks, whoever may see it.

    def client(self, id: ClientId) -> Client | None:
        if id not in self._met:
            self._met[id] = self._stored_client(id)
        return self._met[id]

    def teams(self, user: str) -> list[str]:
        above = """
            with recursive above (id) as (
              select json_extract(body, '$.team') from User where id = ?
              union select json_extract(body, '$.parent') from Team join above using (id)
            ) select id from above where id is not null
        """
        return [team for (team,) in self._ask(above, (user,))]

    def shares(self, id: ClientId) -> list[Share]:
        return self._stored(Share, "client_id = ?", (str(id),))

    def _entries(self, where: str, values: Sequence[int]) -> list[tuple[int, Entry]]:
        rows = self._ask(f"select position, events, subscribers, depth from Journal where {where}", values)
        return [
            (
                position,
                Entry(
                    from_builtins(tuple[Event, ...], json.loads(events)),
                    from_builtins(FrozenMap[str, tuple[int, ...]], json.loads(subscribers)),
                    depth,
                ),
            )
            for position, events, subscribers, depth in rows
        ]

    def _stored_client(self, id: RecordId) -> Client | None:
        """A client as it is stored, whoever may see it."""
        rows = self._ask("select body from Client where id = ?", (str(id),))
        return from_builtins(Client, json.loads(rows[0][0])) if rows else None

    def _update(self, value: Versioned, expected_version: int, clash: Conflict) -> None:
        kind, columns = type(value), ("id", "version", "body", *columns_of(type(value)))
        sets = ", ".join(f'"{column}" = ?' for column in columns)
        changed = self._do(
            f'update "{kind.__name__}" set {sets} where id = ? and version = ?',
            (*cells(value), str(value.id), expected_version),
            clash,
        )
        if not changed:
            raise self._failed(clash)

    def _writing(self) -> None:
        if self.ended or not self._write:
            raise TransactionOver

    def _failed(self, failure: CRMError) -> CRMError:
        self._failure = failure
        return failure


def translated(error: sqlite3.Error, clash: CRMError | None = None) -> CRMError:
    """Give the error of ours for one of SQLite's, which gets out as its cause only."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_CONSTRAINT and clash is not None:
        return clash
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageBusy()
    if code == sqlite3.SQLITE_FULL:
        return StorageFull()
    return StorageUnreachable(getattr(error, "sqlite_errorname", type(error).__name__))


def _list_of(kind: Any, data: Any) -> list[Any]:
    return from_builtins(list[kind], data)


def _parts(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _place(query: Query[Any], row: Any) -> tuple[Any, ...]:
    """Where a record stands: empty before everything, then by value, ties by id."""
    if query.order_by == "id":
        return (row.id,)
    value = getattr(row, query.order_by)
    return value is not None, value, row.id


def _with_kept_of(kept: Client, value: Client) -> Client:
    instants: dict[str, Any] = {field: getattr(kept, field) for field in KEPT}
    return attrs.evolve(value, **instants)
