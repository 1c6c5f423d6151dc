"""Imports: rows in, a chunk a transaction; under a key each chunk is done once, whatever befalls the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence, Sized
from contextlib import AbstractContextManager
from itertools import islice
from typing import TypeAlias

import attrs

from crmkit.domain.imported import ImportReport, RowFault
from crmkit.errors import Conflict
from crmkit.services.collector import collector_paused
from crmkit.services.transaction import Transaction
from crmkit.services.unit import Unit

#: Hears how many rows are done, and how many there are if that is known.
ImportProgress: TypeAlias = Callable[[int, int | None], None]
#: Works on some rows in a transaction; it is told the number of the first of them.
Work: TypeAlias = Callable[[Unit, int, Sequence[object]], ImportReport]
Block: TypeAlias = Callable[[], AbstractContextManager[Transaction]]
ATTEMPTS = 3


@attrs.frozen
class Import:
    """How one import is done: its rooms, its name in the store, how many rows a transaction takes."""

    begin: Block
    read: Block
    what: str
    key: str | None
    chunk: int
    dry_run: bool
    progress: ImportProgress | None

    def run(self, rows: Iterable[object], work: Work) -> ImportReport:
        """Work through *rows*, never holding more than a chunk of them; say what became of them."""
        done, number = self._earlier()
        if done.resumed_from and self.key is not None and (whole := self._finished(done)) is not None:
            return whole
        total = len(rows) if isinstance(rows, Sized) else None
        left = iter(rows)
        for _ in islice(left, done.read):
            pass
        while some := list(islice(left, self.chunk)):
            with collector_paused():
                done += self._chunk(number, done.read + 1, some, work)
            number += 1
            del some
            if self.progress is not None:
                self.progress(done.read, None if total is None else max(total, done.read))
        if self.key is not None and not self.dry_run:
            self._finish(done)
        return attrs.evolve(done, dry_run=self.dry_run)

    def _chunk(self, number: int, first: int, some: Sequence[object], work: Work) -> ImportReport:
        if self.dry_run:
            with self.read() as tx:
                return work(tx._unit, first, some)  # noqa: SLF001
        for left in range(ATTEMPTS, 0, -1):
            try:
                with self.begin() as tx:
                    unit = tx._unit  # noqa: SLF001
                    if self.key is not None and (text := unit.store.recall(self._key(number))) is not None:
                        return self._anothers(_report(text), some)
                    report = work(unit, first, some)
                    if self.key is not None:
                        unit.store.remember(self._key(number), _text(report))
                return report
            except Conflict:
                if left == 1:
                    raise
        raise AssertionError

    def _anothers(self, report: ImportReport, some: Sequence[object]) -> ImportReport:
        """What another process did meanwhile under the same key; `Conflict` if it cuts the rows in other places."""
        if report.read != len(some):
            raise Conflict("key", self.key or "")
        return report

    def _earlier(self) -> tuple[ImportReport, int]:
        """What earlier runs under this key did, and how many chunks that were."""
        done, number = ImportReport(), 0
        if self.key is None:
            return done, number
        with self.read() as tx:
            recall = tx._unit.store.recall  # noqa: SLF001
            while (text := recall(self._key(number))) is not None:
                done, number = done + _report(text), number + 1
        return attrs.evolve(done, resumed_from=done.read), number

    def _finished(self, done: ImportReport) -> ImportReport | None:
        with self.read() as tx:
            finished = tx._unit.store.recall(self._key("end")) is not None  # noqa: SLF001
        return done if finished else None

    def _finish(self, done: ImportReport) -> None:
        with self.begin() as tx:
            store = tx._unit.store  # noqa: SLF001
            if store.recall(self._key("end")) is None:
                store.remember(self._key("end"), str(done.read))

    def _key(self, number: int | str) -> str:
        return f"import:{self.what}:{self.key}:{number}"


def _text(report: ImportReport) -> str:
    faults = [[one.row, one.path, one.code, one.message] for one in report.faults]
    return json.dumps([report.read, report.added, report.updated, report.skipped, report.refused, faults])


def _report(text: str) -> ImportReport:
    read, added, updated, skipped, refused, faults = json.loads(text)
    return ImportReport(read, added, updated, skipped, refused, tuple([RowFault(*one) for one in faults]))
