"""An export: rows out of the house, each counted against a day's budget before it is handed out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Self, TypeAlias, cast

import attrs

from crmkit.domain.client import Client
from crmkit.domain.events import DataExported, DataTaken
from crmkit.domain.export import Export, ExportState
from crmkit.domain.ids import ClientId, ExportId
from crmkit.domain.query import Query
from crmkit.domain.records import noun
from crmkit.domain.where import Test, Where
from crmkit.errors import BudgetSpent
from crmkit.services.exporting.rows import Exported, Row
from crmkit.services.transaction import Transaction

Block: TypeAlias = Callable[[], AbstractContextManager[Transaction]]
CHUNK = 500
DAY = timedelta(days=1)


class ExportRun(Iterator[Row]):
    """
    The rows of one export, a chunk at a time; `record` says what was handed out so far.

    A chunk is counted in a commit of its own before its first row is yours, so that nobody takes more than their budget,
    however many exports run at once and whatever becomes of this one. What breaks off stays on record as `running` or,
    once closed, `cut_short`.
    """

    def __init__(
        self, house: Block, seen: Block, exported: Exported[Any], reason: str, where: Where, budget: int | None
    ) -> None:
        self._house, self._seen, self._exported, self._where, self._budget = house, seen, exported, where, budget
        self._digest = hashlib.sha256()
        self.record = self._begun(exported.what, reason)
        self._rows = self._all()

    def __iter__(self) -> ExportRun:
        return self

    def __next__(self) -> Row:
        return next(self._rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take no more rows; harmless twice, and after the last row."""
        self._rows.close()
        if self.record.state == "running":
            self._over("cut_short")

    def _all(self) -> Generator[Row]:
        exported, after = self._exported, None
        while True:
            with self._seen() as tx:
                unit = tx._unit  # noqa: SLF001
                where = self._where & exported.only
                records = unit.store.select(Query(exported.kind, where, limit=CHUNK, after=after))
                rows = exported.rows(unit, records)
            granted = self._count(records, rows)
            for row in rows[:granted]:
                self._digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False, default=str).encode() + b"\n")
                yield row
            if granted < len(rows):
                self._over("cut_short")
                raise BudgetSpent(self._budget or 0)
            if len(records) < CHUNK:
                break
            after = (records[-1].id, records[-1].id)
        self._over("done")

    def _begun(self, what: str, reason: str) -> Export:
        with self._house() as tx:
            unit = tx._unit  # noqa: SLF001
            begun = Export(ExportId(unit.new_id()), unit.actor, what, reason, 0, None, "running", unit.now, unit.now)
            return unit.insert(begun)

    def _count(self, records: Sequence[Any], rows: Sequence[Row]) -> int:
        """Take as many rows from what is left of the day's budget; say how many."""
        if not rows:
            return 0
        with self._house() as tx:
            unit, granted = tx._unit, len(rows)  # noqa: SLF001
            if self._budget is not None:
                unit.store.lock([f"export:{self.record.actor}"])
                lately = Test("actor", "eq", self.record.actor) & Test("updated_at", "gt", unit.now - DAY)
                taken = sum(one.rows for one in unit.store.select(Query(Export, lately)))
                granted = max(0, min(granted, self._budget - taken))
            if granted:
                self.record = unit.replace(self.record, attrs.evolve(self.record, rows=self.record.rows + granted))
                whose = tuple(dict.fromkeys(_client_of(one) for one in records[:granted]))
                columns = sorted({column for row in rows[:granted] for column in row})
                fields = tuple([f"{noun(self._exported.kind)}.{column}" for column in columns])
                unit.happened(DataTaken(*unit.envelope(self.record.version), self.record.id, whose, fields))
        return granted

    def _over(self, state: ExportState) -> None:
        with self._house() as tx:
            unit, digest = tx._unit, self._digest.hexdigest()  # noqa: SLF001
            self.record = one = unit.replace(self.record, attrs.evolve(self.record, state=state, sha256=digest))
            said = one.id, one.what, one.reason, one.rows, digest, state
            unit.happened(DataExported(*unit.envelope(one.version), *said))


def _client_of(record: Any) -> ClientId:
    return record.id if isinstance(record, Client) else cast("ClientId", record.client_id)
