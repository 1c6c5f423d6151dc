"""Telling again what was told before, or was never told: from the journal, for one subscriber."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import attrs

from crmkit.domain.delivery import Delivery
from crmkit.domain.events import Event, UnknownEvent
from crmkit.domain.ids import DeliveryId, EventId
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.plugins.delivery.queue import ONE_AT_A_TIME, Begin
from crmkit.plugins.delivery.subscriber import Subscriber
from crmkit.ports import Entry
from crmkit.services.unit import Unit

#: How many positions of the journal are looked at in one transaction.
CHUNK = 500
Found = tuple[int, int, Event]


@attrs.frozen
class Wanted:
    """Which events: those since an instant, or those with these ids, of those the subscriber hears."""

    subscriber: Subscriber
    since: datetime | None
    ids: frozenset[EventId]

    def holds(self, event: Event) -> bool:
        """Whether it is one of them."""
        if isinstance(event, UnknownEvent) or not isinstance(event, self.subscriber.heard):
            return False
        return event.id in self.ids or (self.since is not None and event.at >= self.since)


def resend(begin: Begin, wanted: Wanted) -> int:
    """
    Make deliveries of past events, a chunk of the journal a transaction; say of how many.

    Their keys are those of the first time. What waits already is left as it is, what is dead waits again.
    """
    start = seen = resent = 0
    with begin() as tx:
        total = tx._unit.store.journal_length()  # noqa: SLF001  # below the rooms: no verb, no event
    while seen < total:
        with begin() as tx:
            unit = tx._unit  # noqa: SLF001  # as above
            unit.store.lock(ONE_AT_A_TIME)
            entries = unit.store.entries(range(start, start + CHUNK))
            found = [
                (position, place, event)
                for position, entry in sorted(entries.items(), key=lambda item: item[0])
                for place, event in _events(entry)
                if wanted.holds(event)
            ]
            resent += _waiting(unit, wanted.subscriber.name, found)
        start, seen = start + CHUNK, seen + len(entries)
    return resent


def _events(entry: Entry) -> Iterator[tuple[int, Event]]:
    return enumerate(entry.events)


def _waiting(unit: Unit, subscriber: str, found: Sequence[Found]) -> int:
    known = _known(unit, subscriber, {position for position, _, _ in found})
    resent = 0
    for position, place, event in found:
        before = known.get((position, place))
        if before is None:
            made = Delivery(
                DeliveryId(unit.new_id()), position, place, event.id, event.topic, str(event.subject), subscriber,
                "waiting", 0, unit.now, None, None, unit.now, unit.now,
            )  # fmt: skip
            unit.store.insert(made)
        elif before.state == "dead":
            again = attrs.evolve(
                before, state="waiting", attempts=0, due_at=unit.now, claimed_by=None, error=None, updated_at=unit.now,
                version=before.version + 1,
            )  # fmt: skip
            unit.store.replace(again, before.version)
        else:
            continue
        resent += 1
    return resent


def _known(unit: Unit, subscriber: str, positions: Collection[int]) -> dict[tuple[int, int], Delivery]:
    if not positions:
        return {}
    theirs = Test("subscriber", "eq", subscriber)
    span = Test("entry", "ge", min(positions)) & Test("entry", "le", max(positions))
    return {(one.entry, one.place): one for one in unit.store.select(Query(Delivery, theirs & span))}
