"""How long to wait after a failure: from five seconds to six hours, by chance, so that many do not come back at once."""

from __future__ import annotations

from datetime import timedelta

FIRST, LONGEST, FACTOR = timedelta(seconds=5), timedelta(hours=6), 3.3


def longest_wait(attempt: int) -> timedelta:
    """
    The longest wait after so many attempts.

    >>> [round(longest_wait(n).total_seconds()) for n in (1, 2, 8, 90)]
    [5, 16, 21309, 21600]
    """
    return min(FIRST * FACTOR ** min(max(attempt - 1, 0), 20), LONGEST)


def wait(attempt: int, chance: float) -> timedelta:
    """Anything up to the longest wait, *chance* being from 0 to 1: full jitter."""
    return longest_wait(attempt) * chance
