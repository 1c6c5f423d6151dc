"""What a worker shows to its supervisor, in memory that both see: since when it is busy, and with what."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from ctypes import c_double, c_int
from multiprocessing.sharedctypes import RawValue

import attrs

#: What a worker does, besides starting the plugin that has this place in the list.
ELSE, ENDS, OPENS = -1, -2, -3


@attrs.frozen
class Sign:
    """
    One worker's; it lives through the worker's processes.

    >>> sign = Sign()
    >>> sign.begins()
    >>> sign.is_busy
    True
    """

    _since: c_double = attrs.field(factory=lambda: RawValue(c_double, 0.0))
    _does: c_int = attrs.field(factory=lambda: RawValue(c_int, OPENS))

    def begins(self) -> None:
        """Something begins that may take as long as one delivery."""
        self._since.value = time.monotonic()

    def rests(self) -> None:
        """Nothing to do: this may take for ever."""
        self._since.value = 0.0

    def clear(self) -> None:
        """A new process will begin."""
        self._since.value, self._does.value = 0.0, OPENS

    def opened(self) -> None:
        """From now on it tells."""
        self._does.value = ELSE
        self.begins()

    @contextmanager
    def starts(self, place: int) -> Generator[None]:
        """A plugin is being started."""
        was_busy, did = self.is_busy, self._does.value
        self._does.value = place
        self.begins()
        yield
        self._does.value = did
        if was_busy:
            self.begins()
        else:
            self.rests()

    def ends(self) -> None:
        """Everything is told; only the plugins are to be stopped."""
        self._does.value = ENDS
        self.begins()

    @property
    def is_busy(self) -> bool:
        """Whether it does anything."""
        return self._since.value > 0

    @property
    def starting(self) -> int | None:
        """The place of the plugin that is being started, if any."""
        return self._does.value if self._does.value >= 0 else None

    @property
    def is_telling(self) -> bool:
        """Whether it has come as far as to tell."""
        return bool(self._does.value == ELSE)

    @property
    def is_ending(self) -> bool:
        """Whether everything is told."""
        return bool(self._does.value == ENDS)

    def busy_for(self, now: float) -> float:
        """How many seconds what it does has taken."""
        return now - self._since.value if self.is_busy else 0.0
