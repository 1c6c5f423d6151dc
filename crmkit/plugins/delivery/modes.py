"""When waiting events are told: in the thread that commits, in one of ours, or by another process."""

from __future__ import annotations

import logging
import os
from contextvars import ContextVar
from datetime import timedelta
from threading import Condition, Thread, current_thread
from typing import Literal, Protocol
from weakref import ref

from crmkit.errors import CRMError

logger = logging.getLogger("crmkit.plugins")
Mode = Literal["thread", "inline", "external"]
#: How long the thread sleeps at most, in seconds: another process may have left something.
LOOK_AGAIN = 5.0
#: How long `close` waits, in seconds, for what can still be told.
FAREWELL = 5.0
#: Whose events are being told in this thread or task, by the id of their `Inline`, which lives as long as it tells.
_telling: ContextVar[frozenset[int]] = ContextVar("crmkit_telling", default=frozenset())


class Work(Protocol):
    """What is to be done after commits, such as telling what waits."""

    #: In one word, for the log: `Telling`.
    doing: str

    def drain(self) -> object:
        """Do what is due."""
        ...

    def wait_for(self) -> timedelta | None:
        """How long until something is due; None if nothing waits."""
        ...


class Inline:
    """
    Tell right after the commit, in its thread: for scripts and tests. What a handler commits is told after it.

    What it commits on another CRM is told at once: only who tells already waits for itself.
    """

    def __init__(self, work: Work) -> None:
        self._work = work

    def committed(self) -> None:
        """Tell what waits, unless that is being done already."""
        if id(self) in (telling := _telling.get()):
            return
        token = _telling.set(telling | {id(self)})
        try:
            self._work.drain()
        except CRMError as error:  # the commit stands; what waits is told next time
            logger.error("%s has to wait: %s", self._work.doing, type(error).__name__)  # noqa: TRY400  # a storage's text may quote
        finally:
            _telling.reset(token)

    def close(self) -> None:
        """Tell what can be told."""
        self.committed()


class External:
    """Leave it to `crmkit relay`."""

    def committed(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class InThread:
    """Tell in one thread of this process, begun with the first event; a child process begins its own."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._thread: Thread | None = None
        self._new_here()

    def committed(self) -> None:
        """Wake the thread."""
        if self._pid != os.getpid():
            self._new_here()
        with self._wake:
            self._woken = True
            if self._closed:
                return
            if self._thread is None:
                self._thread = Thread(
                    target=_run, args=(ref(self), self._wake), name=f"crmkit {self._work.doing.lower()}", daemon=True
                )
                self._thread.start()
            self._wake.notify_all()

    def close(self) -> None:
        """Let it tell what can be told within some seconds; the rest stays for the next process."""
        if self._pid != os.getpid():
            return
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        if self._thread is not None and self._thread is not current_thread():
            self._thread.join(FAREWELL)

    def _new_here(self) -> None:
        self._pid = os.getpid()
        self._wake = Condition()
        self._thread = None
        self._woken = self._closed = False


def _run(seen: ref[InThread], wake: Condition) -> None:
    """Until it is closed, or nobody has it any more: the thread itself must not keep a CRM alive."""
    while (mode := seen()) is not None:
        pause, closed = _told(mode), mode._closed  # noqa: SLF001  # two halves of one thing
        del mode
        if closed:
            return
        with wake:
            if (mode := seen()) is None:
                return
            idle = not mode._woken and not mode._closed  # noqa: SLF001
            del mode
            if idle:
                wake.wait(pause)


def _told(mode: InThread) -> float:
    """Tell what is due; how long to sleep then, in seconds."""
    mode._woken = False  # noqa: SLF001
    work = mode._work  # noqa: SLF001
    try:
        work.drain()
        due = work.wait_for()
    except BaseException as error:  # noqa: BLE001  # this thread tells for all plugins: nothing may end it
        logger.error("%s has to wait: %s", work.doing, type(error).__name__)  # noqa: TRY400
        return LOOK_AGAIN
    return LOOK_AGAIN if due is None else min(max(due.total_seconds(), 0.01), LOOK_AGAIN)
