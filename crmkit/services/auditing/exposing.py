"""After a leak: whose data, which of it, in which window. The journal is streamed; only the answer is held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from crmkit.domain.events import Event
from crmkit.domain.exposure import Exposed, Exposure
from crmkit.domain.ids import ClientId
from crmkit.ports import Traced
from crmkit.services.auditing.listing import traced
from crmkit.services.auditing.reach import Reach
from crmkit.services.unit import Unit

#: How many entries are looked through at a time.
CHUNK = 2000
#: How many clients are looked up at a time.
LOT = 1000
_Seen = tuple[frozenset[str], frozenset[str], datetime, datetime]


def exposed(unit: Unit, asked: Traced) -> Exposure:
    """Add up every event that is asked for and named a client whom this actor's evidence reaches."""
    reach, known = Reach(unit), dict[ClientId, _Seen]()
    events, first, last = 0, None, None
    for event, ids in _told(unit, reach, asked):
        events += 1
        at, what, how = event.at, what_of(event), frozenset({event.topic})
        first, last = at if first is None else min(first, at), at if last is None else max(last, at)
        for id in ids:
            known[id] = (what, how, at, at) if (seen := known.get(id)) is None else _both(seen, (what, how, at, at))
    clients = tuple([Exposed(id, *known[id]) for id in sorted(known)])
    return Exposure(_onward(reach, clients), events, first, last)


def what_of(event: Event) -> frozenset[str]:
    """
    Name what of its clients an event is about.

    Of a change the fields; else what the event calls its `kinds`, `fields` or, reading, its `kind`; else its noun.
    """
    said: Any = event
    noun = event.topic.partition(".")[0]
    if changes := getattr(event, "changes", ()):
        return _of_changes(noun, tuple([change.field for change in changes]))
    for name in ("fields", "kinds"):
        if isinstance(told := getattr(event, name, None), (tuple, frozenset)) and told:
            return frozenset(map(str, told))  # pyright: ignore[reportUnknownArgumentType]  # a plugin's may hold anything
    return _of_kind(said.kind if event.topic == "data.read" else noun)


@cache
def _of_kind(kind: str) -> frozenset[str]:
    return frozenset({kind})


@cache
def _of_changes(noun: str, fields: tuple[str, ...]) -> frozenset[str]:
    return frozenset({f"{noun}.{field}" for field in fields})


def _told(unit: Unit, reach: Reach, asked: Traced) -> Iterator[tuple[Event, tuple[ClientId, ...]]]:
    beyond = None
    while entries := traced(unit, asked, CHUNK, beyond):
        told = [event for _, entry in entries for event in entry.events]
        yield from reach.parts([event for event in told if not asked.ids or asked.asks_for((event,))])
        beyond = entries[-1][0]


def _both(one: _Seen, other: _Seen) -> _Seen:
    """Equal sets are one: there may be a million clients."""
    return (
        one[0] if other[0] <= one[0] else _union(one[0], other[0]),
        one[1] if other[1] <= one[1] else _union(one[1], other[1]),
        min(one[2], other[2]),
        max(one[3], other[3]),
    )


@cache
def _union(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    return one | other


def _onward(reach: Reach, clients: tuple[Exposed, ...]) -> tuple[Exposed, ...]:
    """The same, with whom a merged client is now in its place."""
    led = dict[ClientId, ClientId]()
    for start in range(0, len(clients), LOT):
        led |= reach.leads([one.client_id for one in clients[start : start + LOT]])
    if not led:
        return clients
    joint = dict[ClientId, Exposed]()
    for one in clients:
        id = led.get(one.client_id, one.client_id)
        seen = (one.what, one.how, one.first, one.last)
        if (other := joint.get(id)) is not None:
            seen = _both((other.what, other.how, other.first, other.last), seen)
        joint[id] = Exposed(id, *seen)
    return tuple([joint[id] for id in sorted(joint)])
