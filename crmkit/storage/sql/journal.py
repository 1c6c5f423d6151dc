"""Entries of the journal to rows and back."""

from __future__ import annotations

import json
from typing import Any

from crmkit.domain.frozen_map import FrozenMap
from crmkit.ports.storage import NOBODY, Entry
from crmkit.storage.codec import events_of, events_text, map_text
from crmkit.storage.sql.codecs import source_of
from crmkit.storage.sql.databases.database import Database

#: The states of an entry: to be told, and told to everybody who must hear of it (or to nobody).
PENDING, SETTLED = "pending", "settled"


def row_of(entry: Entry, database: Database) -> tuple[object, ...]:
    """The columns of one entry from id on, without the claim's."""
    first, names, stored = entry.events[0], entry.subscribers, database.stored
    source, state = first.source, PENDING if names else SETTLED
    told = (events_text(entry.events), map_text(names), state, 0, entry.depth)
    said = (first.actor, source.channel, source.plugin, source.campaign, source.ref, first.correlation_id)
    return (stored(first.id), stored(first.at), *said, *told)


def entry_of(row: tuple[Any, ...], database: Database) -> Entry:
    """Undo `row_of` for the columns seq, at to subscribers, and depth."""
    _, at, actor, channel, plugin, campaign, ref, correlation_id, events, names, depth = row
    shared = (database.instant(at), actor, source_of(channel, plugin, campaign, ref), correlation_id)
    return Entry(events_of(events, shared), _places(names), depth)


def _places(text: str) -> FrozenMap[str, tuple[int, ...]]:
    """Who must hear of which events."""
    if text in ("", "{}"):  # an older crmkit wrote nothing for nobody
        return NOBODY
    return FrozenMap({name: tuple(places) for name, places in json.loads(text).items()})
