"""Where async observers run: one event loop in one thread for each process, so that pooled connections last."""

from __future__ import annotations

import inspect
import os
from collections.abc import Awaitable
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio


class _Loop:
    """Started when first needed; a child process has one of its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, awaited: Awaitable[Any]) -> Any:
        """Wait in this thread for what runs in that one."""
        import asyncio

        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                Thread(target=self._loop.run_forever, name="crmkit observers", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(_as_coroutine(awaited), self._loop).result()

    def forked(self) -> None:
        """The parent's thread is not here."""
        self._lock, self._loop = Lock(), None


async def _as_coroutine(awaited: Awaitable[Any]) -> Any:
    return await awaited


_LOOP = _Loop()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_LOOP.forked)


def finished(answer: object) -> object:
    """*answer*, or if that has to be awaited, what comes of it."""
    return _LOOP.run(answer) if inspect.isawaitable(answer) else answer
