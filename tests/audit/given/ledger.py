"""A sealed log that anybody can write to: what a store holds, in plain lists."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from operator import index
from pathlib import Path
from typing import Any, cast

import attrs
import sqlalchemy as sa

from crmkit import CRM
from crmkit.audit import Breach, Head, Verified
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.domain.seal import Seal, head_of, link_of
from crmkit.domain.where import Where, holds
from crmkit.ports import StorageTransaction
from crmkit.services.sealing.sealing import seal_some
from crmkit.services.sealing.verifying import verify
from crmkit.storage.entry_texts import entry_texts
from crmkit.storage.sql import SQLStorage
from crmkit.testing import FrozenClock, a_client, an_entry

#: The columns of an entry behind its position, as SQLite has them.
COLUMNS = (
    "id", "at", "actor", "source", "source_plugin", "source_campaign", "source_ref", "correlation_id", "events",
)  # fmt: skip


@attrs.define
class Ledger:
    """The entries by position, and the seals on them; of a storage only what a look through them needs."""

    rows: dict[int, tuple[Any, ...]]
    seals: list[Seal]
    positions: list[int] = attrs.field(init=False)
    _texts: dict[int, str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.positions = sorted(self.rows)
        self._texts = {position: _text(row) for position, row in self.rows.items()}

    @property
    def heads(self) -> list[Head]:
        """What a sink was given."""
        return [head_of(seal) for seal in self.seals]

    def copy(self) -> Ledger:
        """Another one, to write to."""
        other = object.__new__(Ledger)
        other.rows, other.seals, other.positions = dict(self.rows), [*self.seals], [*self.positions]
        other._texts = dict(self._texts)
        return other

    def put(self, position: int, row: tuple[Any, ...]) -> None:
        """Write a row, over another one or where there was none."""
        if position not in self.rows:
            self.positions.insert(bisect_left(self.positions, position), position)
        self.rows[position], self._texts[position] = row, _text(row)

    def remove(self, position: int) -> None:
        """Delete a row."""
        del self.rows[position], self._texts[position], self.positions[bisect_left(self.positions, position)]

    def sealed_by(self, position: int) -> int:
        """The number of the seal that covers a position."""
        (number,) = [
            seal.number for seal in self.seals if any(one.first <= position <= one.last for one in seal.covers)
        ]
        return number

    def forge(self, since: int) -> None:
        """Make the chain anew from one seal on, as whoever knows how it is made would."""
        for place, seal in enumerate(self.seals):
            if seal.number >= since:
                before = self.seals[place - 1].link if place else ""
                self.seals[place] = attrs.evolve(seal, link=link_of(before, seal))

    def verified(self, heads: Sequence[Head] = ()) -> Verified:
        """What a look through it finds."""
        return verify(cast("StorageTransaction", self), heads)

    def written(self, after: int, limit: int) -> list[tuple[int, str]]:
        start = bisect_right(self.positions, after)
        return [(position, self._texts[position]) for position in self.positions[start : start + limit]]

    def entries(self, positions: Collection[int]) -> Mapping[int, object]:
        return {position: None for position in positions if position in self.rows}

    def select(self, query: Query[Any]) -> list[Any]:
        found = sorted(self.seals, key=lambda seal: (seal.number, seal.id), reverse=query.descending)
        if (after := query.after) is not None:
            found = [seal for seal in found if (seal.number, seal.id) > after]
        return found[: query.limit]

    def count(self, kind: type[Any], where: Where) -> int:
        return len([one for one in self.seals if isinstance(one, kind) and holds(where, one)])


def a_sealed_log(path: Path, entries: int, *, each: int = 1000) -> Ledger:
    """A log of so many entries, *each* so many in one seal, with gaps that were closed long ago, as SQLite keeps it."""
    clock, storage = FrozenClock(), SQLStorage(f"sqlite:///{path}")
    client = a_client()
    with CRM(storage, clock=clock) as crm:
        for start in range(0, entries, each):
            tx = storage.begin(write=True, scope=EVERYONE)
            for number in range(start, start + each):
                tx.append(an_entry(client, "mail.send", correlation_id=f"request-{number}"))
            tx.commit()
            if start % (5 * each):  # some seals are on one span, some on many
                with storage.engine.begin() as connection:
                    connection.execute(sa.text(f"DELETE FROM crm_journal WHERE seq > {start} AND seq % 29 = 7"))
            with crm.begin() as tx_:
                assert seal_some(tx_._unit)
            clock.advance(hours=2)
        with crm.read() as tx_:
            seals = tx_._unit.store.select(Query(Seal, order_by="number"))
        with storage.engine.connect() as connection:
            rows = connection.exec_driver_sql(f"SELECT seq, {', '.join(COLUMNS)} FROM crm_journal").fetchall()
    return Ledger({row[0]: tuple(row[1:]) for row in rows}, seals)


def by_place(breaches: Collection[Breach]) -> list[Breach]:
    """Breaches in an order of their own."""
    return sorted(breaches, key=lambda one: (one.kind, one.position or 0, one.seal or 0))


def _text(row: tuple[Any, ...]) -> str:
    ((_, text),) = entry_texts([(0, *row)], bytes.hex, index)
    return text
