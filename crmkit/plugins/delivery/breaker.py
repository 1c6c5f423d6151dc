"""A plugin that fails again and again is left alone for a while, and its events wait without losing an attempt."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

#: At least so many tries in so long, at least this part of them failed: then nothing for the pause, then one try.
TRIES, SHARE, WITHIN, PAUSE = 20, 0.5, timedelta(minutes=5), timedelta(minutes=2)


class Breaker:
    """One plugin's; not for several threads at once."""

    def __init__(self) -> None:
        self._tries: deque[tuple[datetime, bool]] = deque()
        self._failed = 0
        self._open_until: datetime | None = None

    def lets_through(self, now: datetime) -> bool:
        """Say whether to try at all; after a pause one try decides."""
        return self._open_until is None or now >= self._open_until

    @property
    def is_open(self) -> bool:
        """Say whether the plugin is being left alone, or only being tried out."""
        return self._open_until is not None

    def note(self, now: datetime, *, failed: bool) -> None:
        """Count one try."""
        if self._open_until is not None:
            if failed:
                self._open_until = now + PAUSE
                return
            self._open_until, self._failed = None, 0
            self._tries.clear()
        self._tries.append((now, failed))
        self._failed += failed
        while self._tries[0][0] < now - WITHIN:
            self._failed -= self._tries.popleft()[1]
        if len(self._tries) >= TRIES and self._failed >= SHARE * len(self._tries):
            self._open_until = now + PAUSE
