"""Keeps the derived tables in step with the records of one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crmkit.domain.client import Client
from crmkit.domain.ids import ClientId
from crmkit.domain.month import Key, Sums, counted, plus
from crmkit.domain.purchase import Purchase, Refund
from crmkit.domain.records import Record
from crmkit.domain.search import SEARCHED, client_of, tokens_of
from crmkit.storage.sql.derived.tables import search

if TYPE_CHECKING:
    from crmkit.storage.sql.transaction import SQLTransaction

#: The kinds of record that something is derived from.
SUMMED: frozenset[type[Record]] = frozenset({Purchase, Refund})
#: From so many rows on, whatever fills tables fastest is worth its beginning.
MANY = 200
WATCHED: frozenset[type[Record]] = SUMMED | frozenset(SEARCHED)


class Derived:
    """What is still to be written: the tokens of records by their ids, the sums of months."""

    __slots__ = ("_sums", "_tokens")

    def __init__(self) -> None:
        self._tokens: dict[int, Any] = {}
        self._sums: dict[Key, Sums] = {}

    @property
    def waits(self) -> bool:
        """Whether there is something to write."""
        return bool(self._tokens or self._sums)

    def added(self, kind: type[Record], values: Iterable[Any]) -> None:
        """New records of one kind were written."""
        if kind in SUMMED:
            for value in values:
                self._count(value, 1)
        else:
            for value in values:
                self._tokens[value.id.int] = value

    def changed(self, tx: SQLTransaction, before: Any, after: Any) -> None:
        """A stored record was changed: what was derived from it goes, what follows from it now comes."""
        if isinstance(after, Purchase | Refund):
            if counted(before) != counted(after):
                self._count(before, -1)
                self._count(after, 1)
            return
        if client_of(before) == client_of(after) and tokens_of(before) == tokens_of(after):
            return
        self._forget(tx, before)
        self._tokens[after.id.int] = after

    def removed(self, tx: SQLTransaction, before: Any) -> None:
        """A stored record was deleted."""
        if isinstance(before, Purchase | Refund):
            self._count(before, -1)
        else:
            self._forget(tx, before)

    def moved(self, tx: SQLTransaction, from_id: ClientId, to_id: ClientId) -> None:
        """Everything of one client is another's now but the client itself, and what that is found by."""
        self.write(tx)
        to, whose = tx.stored(to_id), tx.stored(from_id)
        tx.execute(tx.statements.one["move_tokens"], (to, whose, whose))
        tx.execute(tx.statements.one["move_months"], (to, whose))
        tx.execute(tx.statements.one["forget_months"], (whose,))

    def write(self, tx: SQLTransaction) -> None:
        """Write what waits."""
        if tokens := self._tokens:
            self._tokens = {}
            stored = tx.stored
            found: list[tuple[object, object, str]] = []
            for value in tokens.values():
                own = stored(value.id)
                client = own if type(value) is Client else stored(value.client_id)
                found += [(client, own, token) for token in tokens_of(value)]
            if len(found) < MANY:
                tx.write(tx.statements.one["find_by"], found)
            else:
                tx.fill(tx.statements.one["find_by"], search, found)
        if sums := self._sums:
            self._sums = {}
            summed = sorted(
                ((tx.stored(key[0]), *key[1:], *more) for key, more in sums.items()), key=lambda row: row[1:3]
            )
            tx.write(tx.statements.one["add_up"], summed)
            for client_id in {key[0] for key, more in sums.items() if min(more) < 0}:
                tx.execute(tx.statements.one["forget_empty"], (tx.stored(client_id),))

    def _forget(self, tx: SQLTransaction, before: Any) -> None:
        self._tokens.pop(before.id.int, None)
        tx.execute(tx.statements.one["forget"], (tx.stored(client_of(before)), tx.stored(before.id)))

    def _count(self, record: Purchase | Refund, times: int) -> None:
        key, more = counted(record)
        self._sums[key] = plus(self._sums.get(key), more, times)
