"""The journal and its seals, read one after the other in bounded memory, whatever somebody wrote there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from crmkit.domain.query import Query
from crmkit.domain.seal import MOST, Seal, digests_of
from crmkit.domain.where import Test
from crmkit.services.collector import collector_paused

if TYPE_CHECKING:
    from crmkit.ports import StorageTransaction

#: Below every position a database can hold, but for this one itself.
LOWEST = -(2**63)
#: How many seals are read at once: each is some 70 KB.
AT_ONCE = 10
_LAST_ID = UUID(int=2**128 - 1)
#: What a value that is none of ours makes its reader raise.
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError)


class Entries:
    """The digests of all entries, by position."""

    def __init__(self, store: StorageTransaction) -> None:
        self._store = store
        self._positions: list[int] = []
        self._digests: list[str] = []
        self._at, self._after, self._over = 0, LOWEST, False
        #: How many were taken.
        self.count = 0

    def take(self, upto: int, most: int = MOST) -> tuple[list[int], list[str]]:
        """The next ones up to a position, at most so many; none if there are no more up to there."""
        while len(self._positions) - self._at < most and not self._over:
            self._read()
        end = bisect_right(self._positions, upto, self._at, min(self._at + most, len(self._positions)))
        taken = self._positions[self._at : end], self._digests[self._at : end]
        self._at = end
        self.count += len(taken[0])
        return taken

    def _read(self) -> None:
        with collector_paused():
            rows = self._store.written(self._after, MOST)
            self._over = len(rows) < MOST
            if rows:
                self._after = rows[-1][0]
            self._positions = self._positions[self._at :] + [position for position, _ in rows]
            self._digests = self._digests[self._at :] + digests_of(rows)
            self._at = 0


def stands_lowest(store: StorageTransaction) -> bool:
    """Say whether there is an entry at the one position that nothing is below of."""
    try:
        return bool(store.entries([LOWEST]))
    except _UNREADABLE:
        return True


def seals(store: StorageTransaction) -> Iterator[Seal | int]:
    """Every seal in the order of their numbers; of one that cannot be read the number it should have."""
    number = LOWEST
    while True:
        try:
            found = _next(store, number, AT_ONCE)
        except _UNREADABLE:
            try:
                found = _next(store, number, 1)
            except _UNREADABLE:
                number = max(number, 0) + 1
                yield number
                if store.count(Seal, Test("number", "eq", number)):
                    continue
                return  # it has another number: nothing behind it can be asked for
        yield from found
        if not found or not isinstance(number := found[-1].number, int):
            return


def _next(store: StorageTransaction, number: int, limit: int) -> list[Seal]:
    return store.select(Query(Seal, order_by="number", limit=limit, after=(number, _LAST_ID)))
