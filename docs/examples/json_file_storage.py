"""
A storage in one JSON file: all that a third party writes, over crmkit's public names alone.

Everything is in memory too. A commit writes a new file and puts it in the place of the old one, which a file system
does at once or not at all. Good for some thousand records and one process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import attrs

from crmkit import Client, MemoryStorage, Share, Team, User, from_builtins, to_builtins
from crmkit.errors import (
    Conflict,
    CRMError,
    Fault,
    Invalid,
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
    RECORDS,
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
PATIENCE = 5.0
#: What no two records of a kind may share; a key with an empty part never clashes.
UNIQUE = {
    "ExternalId": ("system", "value"),
    "DealStep": ("deal_id", "number"),
    "Purchase": ("origin", "external_id"),
    "Touchpoint": ("origin", "external_id"),
    "Call": ("origin", "external_id"),
    "Document": ("origin", "external_id"),
    "Consent": ("orig_subject", "seq"),
    "Attempt": ("orig_subject", "seq"),
    "Slot": ("orig_subject", "cap", "number"),
    "Merge": ("merged_id",),
    "Datum": ("collection", "key"),
    "Seal": ("number",),
}
#: What must be there while a record points to it. Touchpoints, calls and tasks may be of nobody we know.
POINTS_TO = {"client_id": "Client", "deal_id": "Deal", "message_id": "Message"}
NEED_NO_CLIENT, NEED_A_DEAL = ("Touchpoint", "Call", "Task"), ("DealStep", "Purchase")
KINDS = {kind.__name__: kind for kind in RECORDS}


@attrs.frozen
class Contents:
    """What is in the file. A reader holds on to the one it began with: that is its snapshot."""

    records: Mapping[type[Record], Mapping[RecordId, Any]]
    journal: tuple[Entry, ...] = ()
    settled: frozenset[int] = frozenset()
    keys: Mapping[str, str] = attrs.field(factory=dict[str, str])


class JSONFileTransaction(StorageTransaction):
    """One transaction: what it began with, and its own copy of each kind that it writes."""

    def __init__(self, storage: JSONFileStorage, scope: Scope, *, write: bool) -> None:
        self.ended = False
        self._storage, self._scope, self._write = storage, scope, write
        self._begun_with = storage.contents
        self._changed: dict[type[Record], dict[RecordId, Any]] = {}
        self._said: list[Entry] = []
        self._settled = set[int]()
        self._keys: dict[str, str] = {}
        self._failure: CRMError | None = None

    # Reading: own writes over the snapshot, and of both only what the scope shows.

    def narrow(self, scope: Scope) -> None:
        self._scope = scope

    def among(self, kind: type[Record], ids: Sequence[RecordId], scope: Scope) -> list[RecordId]:
        rows = self._rows(kind)
        return [id for id in ids if id in rows and scope.shows(rows[id], self)]

    def get_many(self, kind: type[R], ids: Sequence[RecordId]) -> list[R]:
        rows = self._rows(kind)
        return [rows[id] for id in dict.fromkeys(ids) if id in rows and self._shows(rows[id])]

    def select(self, query: Query[R]) -> list[R]:
        _REFUSING.select(query)
        found = [row for row in self._rows(query.kind).values() if self._shows(row) and holds(query.where, row)]
        found.sort(key=lambda row: _place(query, row), reverse=query.descending)
        if query.after is not None:
            value, id = query.after
            seen = (id,) if query.order_by == "id" else (value is not None, value, id)
            found = [
                row for row in found if (_place(query, row) < seen if query.descending else _place(query, row) > seen)
            ]
        return found[: query.limit]

    # Writing: a clash is told at once where it can be seen, and remembered, so that a commit fails too.

    def insert(self, value: Record) -> None:
        self._writing()
        if value.id in self._rows(type(value)):
            raise self._failed(Conflict(noun(type(value)), value.id))
        self._put(value)

    def replace(self, value: Versioned, expected_version: int) -> None:
        self._writing()
        stored = self._rows(type(value)).get(value.id)
        if stored is None or stored.version != expected_version:
            raise self._failed(Conflict(noun(type(value)), value.id))
        self._put(_with_kept_of(stored, value) if isinstance(value, Client) else value)

    def put_back(self, client: Client) -> None:
        self._writing()
        if (stored := self._rows(Client).get(client.id)) is not None:
            self._put(_with_kept_of(client, stored))

    def delete(self, kind: type[Record], id: RecordId) -> None:
        self._writing()
        if id in self._rows(kind):
            del self._own(kind)[id]

    def lock(self, names: Iterable[str]) -> None:
        list(names)  # one transaction writes at a time: who writes holds every name

    # The journal and the keys.

    def append(self, entry: Entry) -> None:
        self._writing()
        if entry.events:
            self._said.append(entry)

    def journal(self) -> Iterator[Entry]:
        yield from (*self._begun_with.journal, *self._said)

    def journal_length(self) -> int:
        return len(self._begun_with.journal) + len(self._said)

    def pending(self, limit: int) -> list[tuple[int, Entry]]:
        settled = self._begun_with.settled | self._settled
        waiting = [one for one in enumerate(self.journal()) if one[1].subscribers and one[0] not in settled]
        return waiting[: max(limit, 0)]

    def settle(self, positions: Collection[int]) -> None:
        self._writing()
        self._settled |= set(positions)

    def entries(self, positions: Collection[int]) -> Mapping[int, Entry]:
        return {position: entry for position, entry in enumerate(self.journal()) if position in positions}

    def written(self, after: int, limit: int) -> list[tuple[int, str]]:
        later = [one for one in enumerate(self.journal()) if one[0] > after][: max(limit, 0)]
        return [(position, json.dumps(to_builtins(entry.events))) for position, entry in later]

    def recall(self, key: str) -> str | None:
        return self._keys.get(key, self._begun_with.keys.get(key))

    def remember(self, key: str, text: str) -> None:
        self._writing()
        if self.recall(key) is not None:
            raise self._failed(Conflict("key", key))
        self._keys[key] = text

    # The end.

    def commit(self) -> None:
        if self.ended:
            raise TransactionOver
        try:
            if self._failure is not None:
                raise self._failure
            if self._changed or self._said or self._settled or self._keys:
                self._check()
                before = self._begun_with
                self._storage.write(
                    Contents(
                        {**before.records, **self._changed},
                        (*before.journal, *self._said),
                        before.settled | self._settled,
                        {**before.keys, **self._keys},
                    )
                )
        finally:
            self.rollback()

    def rollback(self) -> None:
        if not self.ended:
            self.ended = True
            if self._write:
                self._storage.let_in()

    def _rows(self, kind: type[Any]) -> Mapping[RecordId, Any]:
        return self._changed.get(kind, self._begun_with.records[kind])

    def _own(self, kind: type[Record]) -> dict[RecordId, Any]:
        return self._changed.setdefault(kind, dict(self._begun_with.records[kind]))

    def _put(self, value: Record) -> None:
        self._own(type(value))[value.id] = value

    def _writing(self) -> None:
        if self.ended or not self._write:
            raise TransactionOver

    def _failed(self, failure: CRMError) -> CRMError:
        self._failure = failure
        return failure

    def _shows(self, row: Any) -> bool:
        return self._scope.is_everything or self._scope.shows(row, self)

    # What a scope asks, whoever may see it.

    def client(self, id: ClientId) -> Client | None:
        found: Client | None = self._rows(Client).get(id)
        return found

    def teams(self, user: str) -> Iterator[str]:
        people, teams, seen = self._rows(User), self._rows(Team), set[str]()
        team = people[user].team if user in people else None
        while team is not None and team not in seen:
            seen.add(team)
            yield team
            team = teams[team].parent if team in teams else None

    def shares(self, id: ClientId) -> list[Share]:
        return [one for one in self._rows(Share).values() if one.client_id == id]

    def _check(self) -> None:
        """Raise `Conflict` for keys taken twice and for what points to nothing; a database does this by itself."""
        for name, fields in UNIQUE.items():
            taken = set[tuple[Any, ...]]()
            kind = KINDS[name]
            for row in self._rows(kind).values() if kind in self._changed else ():
                key = tuple([getattr(row, field) for field in fields])
                if key in taken:
                    raise Conflict(noun(kind), row.id)
                taken |= set() if None in key else {key}
        for name, kind in KINDS.items():
            for field in pointing(name, kind):
                there = self._rows(KINDS[POINTS_TO[field]])
                if kind in self._changed or KINDS[POINTS_TO[field]] in self._changed:
                    ids = {getattr(row, field) for row in self._rows(kind).values()}
                    if missing := ids - {None} - there.keys():
                        raise Conflict(noun(KINDS[POINTS_TO[field]]), missing.pop())


def _list_of(kind: Any, data: Any) -> list[Any]:
    return from_builtins(list[kind], data)


def pointing(name: str, kind: type[Any]) -> list[str]:
    """The fields of a kind that must point to something there is."""
    has = attrs.fields_dict(kind)
    client = ["client_id"] if "client_id" in has and name not in NEED_NO_CLIENT else []
    message = ["message_id"] if "message_id" in has else []
    return client + message + (["deal_id"] if name in NEED_A_DEAL else [])


def _place(query: Query[Any], row: Any) -> tuple[Any, ...]:
    """Where a record stands: empty before everything, then by value, ties by id."""
    if query.order_by == "id":
        return (row.id,)
    value = getattr(row, query.order_by)
    return value is not None, value, row.id


def _with_kept_of(kept: Client, value: Client) -> Client:
    instants: dict[str, Any] = {field: getattr(kept, field) for field in KEPT}
    return attrs.evolve(value, **instants)


class JSONFileStorage:
    """
    A store in one file: `JSONFileStorage("crm.json")`.

    >>> from crmkit import CRM
    >>> from tempfile import mkdtemp
    >>> with CRM(JSONFileStorage(f"{mkdtemp()}/crm.json")) as crm, crm.begin() as tx:
    ...     tx.clients.add(name="Anna").name
    'Anna'
    """

    name = "jsonfile"

    def __init__(self, path: str | Path) -> None:
        self._path, self._closed, self._door = Path(path), False, Lock()
        self.contents = self._read() if self._path.exists() else Contents({kind: {} for kind in RECORDS})

    def begin(self, *, write: bool, scope: Scope) -> JSONFileTransaction:
        """Open a transaction; a second writer waits for the first, then gives up with `StorageBusy`."""
        if self._closed:
            raise StorageUnreachable("closed")
        if write and not self._door.acquire(timeout=PATIENCE):
            raise StorageBusy
        return JSONFileTransaction(self, scope, write=write)

    def let_in(self) -> None:
        """Let the next writer in."""
        self._door.release()

    def write(self, contents: Contents) -> None:
        """Put *contents* in the place of what was there: on the disk first, then for new transactions."""
        new = self._path.with_suffix(".new")
        data = {
            "records": {kind.__name__: to_builtins(list(rows.values())) for kind, rows in contents.records.items()},
            "journal": [
                [to_builtins(entry.events), to_builtins(entry.subscribers), entry.depth] for entry in contents.journal
            ],
            "settled": sorted(contents.settled),
            "keys": contents.keys,
        }
        try:
            with new.open("w", encoding="utf-8") as file:
                json.dump(data, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise StorageFull from error
        self.contents = contents

    def _read(self) -> Contents:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            journal = [
                Entry(
                    from_builtins(tuple[Event, ...], said), from_builtins(FrozenMap[str, tuple[int, ...]], ears), depth
                )
                for said, ears, depth in data["journal"]
            ]
            settled = frozenset(data["settled"])
            lists = {kind: _list_of(kind, data["records"].get(name, [])) for name, kind in KINDS.items()}
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise StorageUnreachable("not a store of ours") from error
        records = {kind: {row.id: row for row in rows} for kind, rows in lists.items()}
        return Contents(records, tuple(journal), settled, data["keys"])

    def revision(self) -> str | None:
        """Nothing: values have no schema."""
        return None

    def close(self) -> None:
        """Take no more transactions; harmless twice."""
        self._closed = True


#: An empty store refuses what every storage must refuse: fields there are not, values nobody could compare.
_REFUSING = MemoryStorage().begin(write=False, scope=EVERYONE)


def opened(url: str, *, migrate: str) -> JSONFileStorage:
    """Open `jsonfile:///crm.json` for `CRM.open`: what the entry point names."""
    if migrate not in ("create", "upgrade", "never"):
        raise Invalid(Fault("migrate", "unknown", "Say 'create', 'upgrade' or 'never'."))
    scheme, _, path = url.partition(":///")
    if scheme != "jsonfile" or not path:
        raise Invalid(Fault("url", "no_file", "Name a file: jsonfile:///crm.json."))
    return JSONFileStorage(path)
