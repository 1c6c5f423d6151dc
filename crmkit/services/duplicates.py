"""Clients who may be one and the same, found by how they are reached."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import cast

from crmkit.domain.client import Client
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.duplicates import Apart, Duplicates
from crmkit.domain.events import ClientKeptApart
from crmkit.domain.ids import ApartId, ClientId, ContactPointId
from crmkit.domain.query import Page, Query
from crmkit.domain.where import Test
from crmkit.errors import Fault, Invalid
from crmkit.ports.accelerators import PointKey
from crmkit.services.checks import Checks
from crmkit.services.room import cursor, is_first, read_cursor
from crmkit.services.unit import Unit

Pair = frozenset[ClientId]


def duplicates(unit: Unit, limit: int, after: str | None) -> Page[Duplicates]:
    """One page of them; the cursor names a contact point, never what it says."""
    past, found = None if is_first(after) else _key_of(unit, after), list[tuple[Duplicates, ContactPoint]]()
    while len(found) <= limit:
        keys = unit.store.shared_keys(past, limit + 1)
        found += _told(unit, keys)
        if len(keys) <= limit:
            break
        past = keys[-1]
    more = len(found) > limit
    return Page(tuple(one for one, _ in found[:limit]), cursor(found[limit - 1][1].id) if more else None)


def keep_apart(unit: Unit, check: Checks, one: Client, other: Client) -> None:
    """Note that these are two; nothing happens if that is known."""
    if one.id == other.id:
        check.fault("other", "same", "Give two different clients.")
    check.done()
    if Pair((one.id, other.id)) not in _apart(unit, [one.id, other.id]):
        unit.permits.of("write", Apart, other.id)
        unit.insert(Apart(ApartId(unit.new_id()), one.id, other.id, unit.actor, unit.now))
        unit.happened(ClientKeptApart(*unit.envelope(one.version), one.id, other.id))


def _told(unit: Unit, keys: list[PointKey]) -> Iterator[tuple[Duplicates, ContactPoint]]:
    """The clients behind each key, with a point to name it by, but those that are all known to be others."""
    points: dict[PointKey, dict[ClientId, ContactPoint]] = {key: {} for key in keys}
    asked = Test("match_key", "in", tuple({key for _, key in keys}))
    for point in unit.store.select(Query(ContactPoint, asked)) if keys else ():
        if (key := (point.kind, cast("str", point.match_key))) in points:
            points[key].setdefault(point.client_id, point)
    ids = list({id for whose in points.values() for id in whose})
    clients = {one.id: one for one in unit.store.get_many(Client, ids)}
    apart = _apart(unit, ids)
    for (kind, match_key), whose in points.items():
        same = sorted((clients[id] for id in whose if id in clients), key=lambda one: (one.created_at, one.id))
        if any(Pair((one.id, other.id)) not in apart for one, other in combinations(same, 2)):
            yield Duplicates(kind, match_key, tuple(same)), min(whose.values(), key=lambda one: one.id)


def _apart(unit: Unit, ids: list[ClientId]) -> set[Pair]:
    known = unit.store.select(Query(Apart, Test("client_id", "in", tuple(ids)))) if ids else ()
    return {Pair((one.client_id, one.other_id)) for one in known}


def _key_of(unit: Unit, after: object) -> PointKey:
    try:
        for point in unit.store.get_many(ContactPoint, [cast("ContactPointId", read_cursor(after))]):
            if point.match_key is not None:
                return point.kind, point.match_key
    except (ValueError, TypeError, AttributeError):
        pass
    raise Invalid(Fault("after", "gone", "This page's last record is gone. Start at the first page."))
