"""Entries of the journal to rows and back."""

from __future__ import annotations

from typing import Any

from crmkit.domain.custom import joined, split
from crmkit.ports.storage import Entry
from crmkit.storage.codec import events_of, events_text
from crmkit.storage.sql.codecs import source_of
from crmkit.storage.sql.databases.database import Database

#: The states of an entry: to be told, and told to everybody who must hear of it (or to nobody).
PENDING, SETTLED = "pending", "settled"


def row_of(entry: Entry, database: Database) -> tuple[object, ...]:
    """The columns of one entry, from id to attempts, without the claim's."""
    first, names, stored = entry.events[0], entry.subscribers, database.stored
    source, state = first.source, PENDING if names else SETTLED
    told = (events_text(entry.events), joined(names), state, 0)
    said = (first.actor, source.channel, source.plugin, source.campaign, source.ref, first.correlation_id)
    return (stored(first.id), stored(first.at), *said, *told)


def entry_of(row: tuple[Any, ...], database: Database) -> Entry:
    """Undo `row_of` for seq and the columns from at to subscribers."""
    _, at, actor, channel, plugin, campaign, ref, correlation_id, events, names = row
    shared = (database.instant(at), actor, source_of(channel, plugin, campaign, ref), correlation_id)
    return Entry(events_of(events, shared), split(names))
