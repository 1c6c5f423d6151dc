"""What became of the rows of one chunk, while it is being worked on."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit.domain.imported import MOST_FAULTS, ImportReport, RowFault
from crmkit.errors import Fault


class Tally:
    """Counts, and the faults of refused rows."""

    __slots__ = ("_faults", "added", "skipped", "updated")

    def __init__(self) -> None:
        self.added, self.updated, self.skipped = 0, 0, 0
        self._faults: dict[int, list[RowFault]] = {}

    def refuse(self, row: int, faults: Iterable[Fault]) -> None:
        """Nothing of this row is kept."""
        self._faults[row] = [RowFault(row, one.path, one.code, one.message) for one in faults]

    @property
    def refused(self) -> int:
        """How many rows were refused."""
        return len(self._faults)

    def report(self, read: int) -> ImportReport:
        """All of it, as it is told; faults in the order of their rows."""
        faults = [fault for row in sorted(self._faults) for fault in self._faults[row]]
        counts = self.added, self.updated, self.skipped, len(self._faults)
        return ImportReport(read, *counts, tuple(faults[:MOST_FAULTS]))
