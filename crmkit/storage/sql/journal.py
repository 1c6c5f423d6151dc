"""Entries of the journal to rows and back."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from crmkit.domain.frozen_map import FrozenMap
from crmkit.ports.storage import Entry
from crmkit.storage.codec import events_of, events_text, map_of, map_text
from crmkit.storage.sql.codecs import source_of
from crmkit.storage.sql.databases.database import Database

#: The states of an entry: to be told, and told to everybody who must hear of it (or to nobody).
PENDING, SETTLED = "pending", "settled"
#: Where the depth stands among the subscribers, none of whom has an empty name.
_DEPTH = ""


def row_of(entry: Entry, database: Database) -> tuple[object, ...]:
    """The columns of one entry, from id to attempts, without the claim's."""
    first, names, stored = entry.events[0], entry.subscribers, database.stored
    source, state = first.source, PENDING if names else SETTLED
    told = (events_text(entry.events), _subscribers_text(names, entry.depth), state, 0)
    said = (first.actor, source.channel, source.plugin, source.campaign, source.ref, first.correlation_id)
    return (stored(first.id), stored(first.at), *said, *told)


def entry_of(row: tuple[Any, ...], database: Database) -> Entry:
    """Undo `row_of` for seq and the columns from at to subscribers."""
    _, at, actor, channel, plugin, campaign, ref, correlation_id, events, names = row
    shared = (database.instant(at), actor, source_of(channel, plugin, campaign, ref), correlation_id)
    if names in ("", "{}"):  # before anybody could subscribe, it was empty
        return Entry(events_of(events, shared))
    told = {name: tuple(places) for name, places in map_of(names).items()}
    (depth,) = told.pop(_DEPTH, (0,))
    return Entry(events_of(events, shared), FrozenMap(told), depth)


@lru_cache(maxsize=256)
def _subscribers_text(names: FrozenMap[str, tuple[int, ...]], depth: int) -> str:
    """The same few hear of most transactions, over and over."""
    return map_text(FrozenMap({**names, _DEPTH: (depth,)}) if depth else names)
