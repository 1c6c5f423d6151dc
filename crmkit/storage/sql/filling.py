"""Fills what an upgrade made, in steps so small that writers, even those of an older crmkit, hardly notice."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from crmkit.domain.client import Client
from crmkit.domain.ids import ClientId
from crmkit.domain.query import Query
from crmkit.domain.where import EVERYTHING, Test, Where
from crmkit.storage.sql.databases.database import Link
from crmkit.storage.sql.indexing import INDEXES, build
from crmkit.storage.sql.stepping import Begin, patiently, pause, step

if TYPE_CHECKING:
    from crmkit.storage.sql.connections import Connections
    from crmkit.storage.sql.transaction import SQLTransaction

#: Hears how many clients of how many are done.
Progress = Callable[[int, int], None]
#: How many clients a step fills: some tenths of a second of work.
STEP = 500
#: Where the position stands once every client was passed.
BEHIND_ALL = "f" * 32
_IDS = re.compile(r'"([0-9a-f]{32})"').findall


def fill(begin: Begin, connections: Connections, progress: Progress | None = None) -> None:
    """
    Fill whatever is noted as unfilled, from where it was left; two who do it at once do no harm.

    Indexes come first: they take the longest hold of a store, and what follows is not kept up. Then, for what is derived,
    every client in the order of ids, and those whom the journal names since the beginning, for a writer of an
    older crmkit keeps nothing but the records themselves: until there is no new entry at the moment the note goes.
    """
    while noted := step(begin, lambda tx: tx.rows(tx.statements.one["fillings"])):
        if any(name == INDEXES for name, *_ in noted):
            build(begin, connections)
            continue
        name, position, since = noted[0]
        if since is None:
            since = _settled(connections)
            step(begin, partial(_note, name, position, since))
        _everyone(begin, name, position, since, progress)
        while (end := _settled(connections)) > since:
            since = _named(begin, name, since, end)
        one = step(begin, lambda tx: tx.statements.one["filled"])
        patiently(connections, partial(_end, connections, name, since, one))


def _note(name: str, position: str | None, since: int, tx: SQLTransaction) -> None:
    tx.execute(tx.statements.one["fill_from"], (position, since, name))


def _everyone(begin: Begin, name: str, position: str | None, since: int, progress: Progress | None) -> None:
    done, total = 0, 0
    if progress is not None:
        total = step(begin, lambda tx: tx.count(Client, _beyond(position)))
    while True:
        started = time.monotonic()
        some = step(begin, partial(_some, name, position, since))
        if not some:
            return
        position = some[-1].hex
        done += len(some)
        if progress is not None:
            progress(done, max(done, total))
        pause(started)


def _some(name: str, position: str | None, since: int, tx: SQLTransaction) -> list[ClientId]:
    some = [client.id for client in tx.select(Query(Client, _beyond(position), limit=STEP))]
    if some:
        tx.refresh(some)
        _note(name, some[-1].hex, since, tx)
    return some


def _beyond(position: str | None) -> Where:
    return EVERYTHING if position is None else Test("id", "gt", ClientId(UUID(position)))


def _named(begin: Begin, name: str, since: int, end: int) -> int:
    """Refresh whom the entries after *since* name, up to *end*: what is above may come before what is still written."""
    while since < end:
        since = step(begin, partial(_some_named, name, since, end))
    return since


def _some_named(name: str, since: int, end: int, tx: SQLTransaction) -> int:
    rows = tx.rows(tx.statements.one["texts_since"], (since,))
    entries = [(int(seq), text) for seq, text in rows if seq <= end]
    tx.refresh(_clients_in(text for _, text in entries))
    seen = entries[-1][0] if entries else end
    _note(name, BEHIND_ALL, seen, tx)
    return seen


def _clients_in(texts: Iterable[str]) -> list[ClientId]:
    """Every id there is in them: one of another record names no client, and costs a look only."""
    return [ClientId(UUID(found)) for found in sorted({found for text in texts for found in _IDS(text)})]


def _settled(connections: Connections) -> int:
    """The last journal entry there is, with none below it still to come."""
    return patiently(connections, connections.database.journal_end)


def _end(connections: Connections, name: str, since: int, sql: str, link: Link) -> None:
    connections.database.end_unless_since(link, since, sql, (name,))
