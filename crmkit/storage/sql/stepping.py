"""Small steps through a store in use: who meets a writer lets it finish and tries again."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from crmkit.errors import Conflict, StorageBusy
from crmkit.storage.sql.databases.database import Link

if TYPE_CHECKING:
    from crmkit.storage.sql.connections import Connections
    from crmkit.storage.sql.transaction import SQLTransaction

T = TypeVar("T")
#: Opens a transaction that writes.
Begin = Callable[[], "SQLTransaction"]
#: The longest pause between two steps. SQLite queues nobody: who found it locked looks again every tenth of a second at
#: last, and must find it open then. A step that took less leaves it open for as long as it held it.
PAUSE = 0.11
#: How often a step that met a writer is tried.
ATTEMPTS = 20


def pause(started: float) -> None:
    """Leave the store to others after a step begun at *started* of the monotonic clock."""
    time.sleep(min(time.monotonic() - started, PAUSE))


def step(begin: Begin, work: Callable[[SQLTransaction], T]) -> T:
    """Do one step in one transaction."""
    for _ in range(ATTEMPTS - 1):
        with suppress(Conflict, StorageBusy):
            return _tried(begin, work)
    return _tried(begin, work)


def _tried(begin: Begin, work: Callable[[SQLTransaction], T]) -> T:
    tx = begin()
    try:
        done = work(tx)
        tx.commit()
        return done
    finally:
        tx.rollback()


def patiently(connections: Connections, work: Callable[[Link], T], attempts: int | None = None) -> T:
    """Work on a connection of its own, outside any transaction; a deadlock, too, is met once."""
    for left in reversed(range(attempts or ATTEMPTS)):
        try:
            with connections.outside() as link:
                return work(link)
        except (Conflict, StorageBusy):
            if not left:
                raise
        time.sleep(PAUSE)
    raise AssertionError
