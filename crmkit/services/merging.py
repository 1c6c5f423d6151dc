"""How two clients become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import attrs

from crmkit.domain.client import KEPT, Client
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.events import ClientMerged, ContactPointUpdated
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId, MergeId, RecordId
from crmkit.domain.merge import Merge, joined
from crmkit.domain.query import Query
from crmkit.domain.records import Record
from crmkit.domain.where import Test
from crmkit.errors import Conflict
from crmkit.services.checks import Checks
from crmkit.services.unit import Unit


def merge(
    unit: Unit, id: ClientId, into: ClientId, reason: str | None, version: int | None, into_version: int | None
) -> Client:
    """Move everything of one client to the other, and leave a merge in its place."""
    store, (duplicate, survivor) = unit.store, _both(unit, id, into)
    if unit.slots is not None and unit.slots.plan_merge(unit, survivor, duplicate) == duplicate.id:
        duplicate, survivor, version, into_version = survivor, duplicate, into_version, version
    _check_two(duplicate, survivor)
    # Its row first: what else hangs something on it, or raises what it keeps, comes before this or fails.
    duplicate = unit.claim(duplicate, version)
    head = store.consent_head(survivor.id)
    after = attrs.evolve(joined(survivor, duplicate), version=max(survivor.version, duplicate.version - 1))
    after = unit.replace(survivor, after, into_version)
    moved = store.move(duplicate.id, survivor.id, unit.now)
    unit.delete(duplicate)
    for field in KEPT:
        if (at := getattr(duplicate, field)) is not None:
            unit.keep(survivor.id, field, at, Client)
    stepped_down = _step_down(unit, survivor.id, moved.get(ContactPoint, ()))
    left = unit.insert(
        Merge(
            id=MergeId(unit.new_id()),
            client_id=survivor.id,
            merged_id=duplicate.id,
            merged=duplicate,
            before=survivor,
            after=after,
            moved=written(moved),
            stepped_down=stepped_down,
            head=head,
            reason=reason,
            actor=unit.actor,
            merged_at=unit.now,
        )
    )
    count = sum(map(len, moved.values()))
    unit.happened(ClientMerged(*unit.envelope(after.version), survivor.id, duplicate.id, left.id, reason, count))
    return unit.get(Client, survivor.id)


def written(moved: Mapping[type[Record], Sequence[RecordId]]) -> FrozenMap[str, str]:
    """Ids by kind, as a merge keeps them."""
    return FrozenMap({kind.__name__: " ".join(map(str, ids)) for kind, ids in moved.items() if ids})


def _both(unit: Unit, id: ClientId, into: ClientId) -> tuple[Client, Client]:
    """
    Both clients, or whom they led to, held by name.

    All names are asked for at once, for storages sort them: taken one after the other, two merges could wait for each
    other. Who was merged elsewhere while we waited leads to a client whose name we do not hold: begin anew.
    """
    known = {id, into, *(unit.get(Client, one).id for one in (id, into))}
    unit.store.lock([f"client:{one}" for one in known])
    duplicate, survivor = unit.get(Client, id), unit.get(Client, into)
    if not {duplicate.id, survivor.id} <= known:
        raise Conflict("client", id)
    return duplicate, survivor


def _check_two(duplicate: Client, survivor: Client) -> None:
    check = Checks()
    if duplicate.id == survivor.id:
        check.fault("into", "same", "These are one client already.")
    if survivor.lifecycle == "archived":
        check.fault("into", "archived", "This client is archived. Restore it first.")
    check.done()


def _step_down(unit: Unit, client_id: ClientId, moved: Sequence[RecordId]) -> frozenset[str]:
    """Of each kind one contact point is primary, the survivor's own; say which of those that moved no longer are."""
    if not moved:
        return frozenset()
    primary = Test("client_id", "eq", client_id) & Test("primary", "eq", True)
    points, came = unit.store.select(Query(ContactPoint, primary)), frozenset(moved)
    count = Counter(point.kind for point in points)
    gone = [point for point in points if point.id in came and count[point.kind] > 1]
    for point in gone:
        unit.changed(point, attrs.evolve(point, primary=False), None, ContactPointUpdated, client_id)
    return frozenset(str(point.id) for point in gone)
