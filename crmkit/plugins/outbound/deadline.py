"""One deadline over everything that a request waits for."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


class Deadline:
    """The moment after which nothing is waited for any more."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    def left(self) -> float:
        """How many seconds are left; raises `TimeoutError` when none is."""
        left = self._end - monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def wait_for(self, ask: Callable[[], Iterable[T]]) -> list[T]:
        """What *ask* gives, or raises; the system's resolver takes no timeout, so it is asked in a thread."""
        given, raised, done = list[T](), list[Exception](), threading.Event()

        def run() -> None:
            try:
                given.extend(ask())
            except Exception as error:  # noqa: BLE001  # handed over to the thread that waits
                raised.append(error)
            done.set()

        threading.Thread(target=run, name="crmkit-resolve", daemon=True).start()
        if not done.wait(self.left()):
            raise TimeoutError
        if raised:
            raise raised[0]
        return given


class DeadlineSocket:
    """As much of a socket as `http.client` needs, each wait of it cut at the deadline: a slow drip gains nothing.

    `budget` is how many bytes may still be received; None is no bound.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline, budget: int) -> None:
        self._socket, self._deadline = connected, deadline
        self.budget: int | None = budget

    def sendall(self, data: bytes) -> None:
        """Send everything before the deadline; `ssl` would count it anew for each part."""
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(self._deadline.left())
            rest = rest[self._socket.send(rest) :]

    def receive_into(self, buffer: memoryview) -> int:
        """Receive what has come, at least a byte; 0 at the end. Raises `OverflowError` beyond the budget."""
        self._socket.settimeout(self._deadline.left())
        count = self._socket.recv_into(buffer)
        if self.budget is not None:
            self.budget -= count
            if self.budget < 0:
                raise OverflowError
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What `http.client` reads the answer from."""
        return io.BufferedReader(_Received(self))

    def close(self) -> None:
        """Nothing: `http.client` closes what it goes on reading from; who opened the connection closes it."""


class _Received(io.RawIOBase):
    def __init__(self, source: DeadlineSocket) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._source.receive_into(buffer)
