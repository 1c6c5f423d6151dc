"""Threads that meet where a test wants them to, and that fail it when they hang."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError, Thread
from time import monotonic
from typing import Any, TypeVar

from crmkit.errors import Conflict, StorageBusy

T = TypeVar("T")
#: How long a test waits for a thread before it calls it hung; longer than any storage waits for a lock.
PATIENCE = 30.0
#: How long one thread waits for the others inside a transaction. Where one writer is let in at a time nobody comes.
SOON = 0.2
#: How often a transaction is run again; each time somebody else got on, so nobody starves.
ATTEMPTS = 500


class Aside:
    """A thread that has begun; `answer` is what it returned or raised, and fails the test if it never ends."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._answer: Any = None
        self._thread = Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], object]) -> None:
        try:
            self._answer = work()
        except BaseException as error:  # noqa: BLE001  # it is the answer
            self._answer = error

    def answer(self, deadline: float | None = None) -> Any:
        """Wait for the end."""
        self._thread.join(PATIENCE if deadline is None else max(0.0, deadline - monotonic()))
        assert not self._thread.is_alive(), (
            "A thread hangs in the storage: a lock was never given back, or two transactions wait for each other. "
            "Every end of a transaction frees what it held, `lock` takes names in sorted order, and who waits too "
            "long gives up with StorageBusy."
        )
        return self._answer


def together(*works: Callable[[], object]) -> list[Any]:
    """Let threads go at one moment, one for each of *works*; what they returned or raised, in this order."""
    gate = Barrier(len(works))

    def after_the_gate(work: Callable[[], object]) -> object:
        gate.wait(PATIENCE)
        return work()

    asides = [Aside(partial(after_the_gate, work)) for work in works]
    deadline = monotonic() + PATIENCE
    return [one.answer(deadline) for one in asides]


def meet(gate: Barrier) -> None:
    """Wait for the others inside a transaction; where they wait to be let in, go on alone."""
    with suppress(BrokenBarrierError):
        gate.wait(SOON)


def again(work: Callable[[], T]) -> T:
    """Run a whole transaction until it is through, as `crm.run` does."""
    for _ in range(ATTEMPTS - 1):
        with suppress(Conflict, StorageBusy):
            return work()
    return work()
