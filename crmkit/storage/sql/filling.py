"""Fills what an upgrade made, in steps so small that writers, even those of an older crmkit, hardly notice."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from crmkit.domain.client import Client
from crmkit.domain.ids import ClientId
from crmkit.domain.query import Query
from crmkit.domain.where import EVERYTHING, Test, Where
from crmkit.errors import Conflict, StorageBusy

if TYPE_CHECKING:
    from crmkit.storage.sql.connections import Connections
    from crmkit.storage.sql.transaction import SQLTransaction

T = TypeVar("T")
#: Opens a transaction that writes.
Begin = Callable[[], "SQLTransaction"]
#: Hears how many clients of how many are done.
Progress = Callable[[int, int], None]
#: How many clients a step fills: some ten milliseconds of work.
STEP = 200
#: Where the position stands once every client was passed.
BEHIND_ALL = "f" * 32
#: How often a step that met a writer is tried.
ATTEMPTS = 20
_IDS = re.compile(r'"([0-9a-f]{32})"').findall


def fill(begin: Begin, connections: Connections, progress: Progress | None = None) -> None:
    """
    Fill whatever is noted as unfilled, from where it was left.

    First every client in the order of ids. Then those whom the journal names since the beginning, for a writer of an
    older crmkit keeps nothing but the records themselves: until a look finds no new entry, and the note is taken away.
    """
    while noted := _step(begin, lambda tx: tx.execute(tx.statements.one["fillings"]).fetchall()):
        name, position, since = noted[0]
        if since is None:
            since = _journal_end(connections)
            _step(begin, partial(_note, name, position, since))
        _everyone(begin, name, position, since, progress)
        while (seen := _step(begin, partial(_named_since, name, since))) != since:
            since = seen


def _note(name: str, position: str | None, since: int, tx: SQLTransaction) -> None:
    tx.execute(tx.statements.one["fill_from"], (position, since, name))


def _everyone(begin: Begin, name: str, position: str | None, since: int, progress: Progress | None) -> None:
    done, total = 0, 0
    if progress is not None:
        total = _step(begin, lambda tx: tx.count(Client, _beyond(position)))
    while True:
        started = time.monotonic()
        some = _step(begin, partial(_some, name, position, since))
        if not some:
            return
        position = some[-1].hex
        done += len(some)
        if progress is not None:
            progress(done, max(done, total))
        # SQLite queues nobody: a writer that sleeps until the next try must find the door open now and then.
        time.sleep((time.monotonic() - started) / 2)


def _some(name: str, position: str | None, since: int, tx: SQLTransaction) -> list[ClientId]:
    some = [client.id for client in tx.select(Query(Client, _beyond(position), limit=STEP))]
    if some:
        tx.refresh(some)
        _note(name, some[-1].hex, since, tx)
    return some


def _beyond(position: str | None) -> Where:
    return EVERYTHING if position is None else Test("id", "gt", ClientId(UUID(position)))


def _named_since(name: str, since: int, tx: SQLTransaction) -> int:
    """Refresh whom later entries name; say where they end. With none of them left the note goes, in the same commit."""
    entries = tx.execute(tx.statements.one["texts_since"], (since,)).fetchall()
    if not entries:
        tx.execute(tx.statements.one["filled"], (name,))
        return since
    named = {found for _, text in entries for found in _IDS(text)}
    tx.refresh([ClientId(UUID(found)) for found in sorted(named)])
    seen = int(entries[-1][0])
    _note(name, BEHIND_ALL, seen, tx)
    return seen


def _journal_end(connections: Connections) -> int:
    """The last entry there is, with none below it still to come."""
    connection = connections.take()
    try:
        end = connections.database.journal_end(connection.link)
    except BaseException:
        connections.drop(connection)
        raise
    connections.give(connection)
    return end


def _step(begin: Begin, work: Callable[[SQLTransaction], T]) -> T:
    """Do one step in one transaction; who met a writer there tries again."""
    for left in range(ATTEMPTS, 0, -1):
        tx = begin()
        try:
            done = work(tx)
            tx.commit()
            return done
        except (Conflict, StorageBusy):
            if left == 1:
                raise
        finally:
            tx.rollback()
    raise AssertionError
