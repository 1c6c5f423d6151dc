"""Who changed what, newest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from crmkit.domain.audited import Audited
from crmkit.domain.client import Client
from crmkit.domain.events import Event
from crmkit.domain.events.naming import clients_of
from crmkit.domain.ids import ClientId
from crmkit.domain.merge import Merge
from crmkit.domain.personal_change import PersonalChange
from crmkit.domain.query import Page, Query
from crmkit.domain.where import Test
from crmkit.errors import Fault, Invalid
from crmkit.ports import Entry, Traced
from crmkit.services.auditing.reach import Reach
from crmkit.services.unit import Unit

#: How many entries are looked through at a time.
CHUNK = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_is_cursor = re.compile(r"([0-9a-f]{32})(-?[0-9]{1,20})").fullmatch


def names_of(unit: Unit, client: ClientId) -> frozenset[ClientId]:
    """The ids a client has had, or `NotFound`: its own and those of whom were merged into it; `Forbidden` without evidence."""
    found = unit.get(Client, client)
    unit.permits.of("evidence", Client, found.id)
    merged = unit.store.select(Query(Merge, Test("client_id", "eq", found.id)))
    return frozenset({found.id, *(one.merged_id for one in merged)})


def listed(unit: Unit, asked: Traced, limit: int, after: str | None) -> Page[Audited]:
    """One page of what is asked for and this actor may see."""
    reach, found = Reach(unit), list[Event]()
    for event in _events(unit, reach, asked, limit, after):
        found.append(event)
        if len(found) > limit:
            break
    shown = found[:limit]
    return Page(_with_values(unit, reach, shown), cursor(shown[-1]) if len(found) > limit else None)


def traced(unit: Unit, asked: Traced, limit: int, beyond: int | None = None) -> list[tuple[int, Entry]]:
    """Entries of the journal, before anybody asked who may see them: a database may hide it as a whole."""
    with unit.permits.all_shown():
        return unit.store.trace(asked, limit, beyond)


def _events(unit: Unit, reach: Reach, asked: Traced, limit: int, after: str | None) -> Iterator[Event]:
    """Whatever is shown of what is asked for, in its order, beginning beyond the last event of another page."""
    beyond, rest = (None, ()) if after is None else _start(unit, reach, after)
    yield from reach.shown(_of_interest(asked, rest))
    many = CHUNK if unit.permits.limited else min(CHUNK, limit + 1)
    while entries := traced(unit, asked, many, beyond):
        yield from reach.shown([event for _, entry in entries for event in _of_interest(asked, entry.events[::-1])])
        if len(entries) < many:
            return
        beyond = entries[-1][0]


def _of_interest(asked: Traced, events: Sequence[Event]) -> list[Event]:
    """Of an entry, or the rest of one, the events that are asked for: an import's tell of many clients."""
    return [
        event
        for event in events
        if asked.asks_for((event,)) and (not asked.ids or not asked.ids.isdisjoint(clients_of(event)))
    ]


def _start(unit: Unit, reach: Reach, after: str) -> tuple[int, Sequence[Event]]:
    """The place of the entry with the last page's last event, and what is left of it."""
    for id, at in _read(after):
        exactly = Traced(since=at, until=at + _TICK, ids=frozenset({id}))
        for place, entry in traced(unit, exactly, 1):
            newest_first = entry.events[::-1]
            for number, event in enumerate(newest_first):
                if event.id == id and reach.shown([event]):
                    return place, newest_first[number + 1 :]
    raise Invalid(Fault("after", "gone", "This page's last event is gone. Start at the first page."))


def _with_values(unit: Unit, reach: Reach, events: Sequence[Event]) -> tuple[Audited, ...]:
    """The events, each with what its personal fields held."""
    said = [event.id for event in events if any(one.proof for one in getattr(event, "changes", ()))]
    if not said:
        return tuple(map(Audited, events))
    kept = unit.store.select(Query(PersonalChange, Test("event_id", "in", tuple(said))))
    values = dict[UUID, list[PersonalChange]]()
    for one in reach.values(kept):
        values.setdefault(one.event_id, []).append(one)
    return tuple([Audited(event, tuple(values.get(event.id, ()))) for event in events])


def cursor(event: Event) -> str:
    """Name a page's last event: by its id and instant, for a place in the journal would tell how much others do."""
    return f"{event.id.hex}{(event.at - _EPOCH) // _TICK}"


def _read(after: object) -> Iterator[tuple[UUID, datetime]]:
    if isinstance(after, str) and (said := _is_cursor(after)) is not None:
        try:
            yield UUID(said[1]), _EPOCH + int(said[2]) * _TICK
        except OverflowError:
            return
