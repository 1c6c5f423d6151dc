"""How a merged client becomes one of its own again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import attrs

from crmkit.domain.client import Client, ExternalId
from crmkit.domain.consent import NOES, Consent
from crmkit.domain.contact import Contact
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.deal import Deal
from crmkit.domain.events import ClientUnmerged, ConsentWithdrawn, ContactPointUpdated
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId, RecordId
from crmkit.domain.merge import Merge, joined, parted
from crmkit.domain.personal_change import PersonalChange
from crmkit.domain.purchase import Purchase
from crmkit.domain.query import Query
from crmkit.domain.records import HANGING, Record
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.where import Test
from crmkit.errors import Conflict, NotFound
from crmkit.services.checks import Checks
from crmkit.services.consenting.saying import Said, say
from crmkit.services.merging import written
from crmkit.services.rebuilding import recomputed
from crmkit.services.unit import Unit

Ids = dict[type[Record], set[RecordId]]
#: What goes along with a record that goes back: what names it in this field. A deal's purchase comes before its refund.
_NAMED_BY: tuple[tuple[str, type[Record]], ...] = (
    ("deal_id", Deal),
    ("purchase_id", Purchase),
    ("contact_id", Contact),
    ("touchpoint_id", Touchpoint),
)
#: How many ids one question names.
_CHUNK = 1000


def unmerge(unit: Unit, id: ClientId) -> Client:
    """Give a merged client back its id, its values and what had come from it."""
    store = unit.store
    survivor_id = _merge_of(unit, id).client_id
    store.lock([f"client:{id}", f"client:{survivor_id}"])
    left = _merge_of(unit, id)
    if left.client_id != survivor_id:
        raise Conflict("client", id)  # merged onward while we waited
    _check_recent(unit, left)
    survivor = unit.claim(unit.get(Client, left.client_id))
    back = _going_back(unit, left, survivor.id)
    joint, alone, said = _through(unit, left, survivor.id, back)
    names = store.hanging_on(survivor.id, {ExternalId: back.get(ExternalId, ())}).get(ExternalId, ())
    client = unit.insert(_as_it_was(unit, left.merged, survivor.version, {(one.system, one.value) for one in names}))
    moved = store.move(survivor.id, id, unit.now, back)
    for one in recomputed(store, (client, survivor)):
        store.put_back(one)
    survivor = unit.get(Client, survivor.id)
    unit.replace(survivor, _alone(survivor, joint, alone))
    for whose in (id, survivor.id):
        _step_up(unit, whose, left.stepped_down)
    unit.delete(left)
    _say_no_again(unit, id, survivor.id, said)
    count = sum(map(len, moved.values()))
    unit.happened(ClientUnmerged(*unit.envelope(client.version), id, survivor.id, left.id, count))
    return unit.get(Client, id)


def _merge_of(unit: Unit, id: ClientId) -> Merge:
    for left in unit.store.select(Query(Merge, Test("merged_id", "eq", id), limit=1)):
        return left
    raise NotFound("merged client", id)


def _check_recent(unit: Unit, left: Merge) -> None:
    check, within = Checks(), unit.rules.unmerge_within
    if unit.now - left.merged_at > within:
        told = "This merge can be undone for {} days, which are over. Add the client anew instead."
        check.fault("id", "too_late", told.format(within.days))
    check.done()


def _going_back(unit: Unit, left: Merge, survivor: ClientId) -> Ids:
    """What had come from the merged client and is the survivor's still, and what has been hung on that since."""
    back: Ids = {kind: {UUID(one) for one in left.moved.get(kind.__name__, "").split()} for kind in HANGING}
    for field, parent in _NAMED_BY:
        theirs = [one.id for one in unit.store.hanging_on(survivor, {parent: back[parent]}).get(parent, ())]
        for kind in HANGING if theirs else ():
            if hasattr(kind, field):
                back[kind] |= _naming(unit, kind, survivor, field, theirs)
    changed = [str(id) for kind, ids in back.items() if kind is not PersonalChange for id in ids]
    back[PersonalChange] |= _naming(unit, PersonalChange, survivor, "record_id", changed)
    return {kind: ids for kind, ids in back.items() if ids}


def _naming(unit: Unit, kind: type[Record], survivor: ClientId, field: str, ids: Sequence[RecordId]) -> set[RecordId]:
    found = set[RecordId]()
    for start in range(0, len(ids), _CHUNK):
        named = Test("client_id", "eq", survivor) & Test(field, "in", tuple(ids[start : start + _CHUNK]))
        found |= {one.id for one in unit.store.select(Query(kind, named))}
    return found


def _through(unit: Unit, left: Merge, survivor: ClientId, back: Ids) -> tuple[Client, Client, Mapping[ClientId, int]]:
    """
    What the survivor had become by this merge, and what it would be without; and each subject's last consent then.

    A survivor that was merged onward took along what it had from this client: each merge after is told it never had.
    """
    joint, alone, said = left.after, left.before, {left.after.id: left.head}
    while joint.id != survivor:
        onward = _merge_of(unit, joint.id)
        merged = parted(onward.merged, joint, alone)
        after = attrs.evolve(joined(onward.before, merged), version=onward.after.version)
        joint, alone, said = onward.after, after, {onward.after.id: onward.head, **said}
        kept = {kind: [one for one in _ids(onward, kind) if one not in back.get(kind, ())] for kind in HANGING}
        unit.delete(onward)
        unit.insert(attrs.evolve(onward, merged=merged, after=after, moved=written(kept)))
    return joint, alone, said


def _ids(left: Merge, kind: type[Record]) -> list[UUID]:
    return [UUID(one) for one in left.moved.get(kind.__name__, "").split()]


def _as_it_was(unit: Unit, merged: Client, version: int, named: set[tuple[str, str]]) -> Client:
    """The merged client, under a version nobody has seen of it or, by its id, of the survivor."""
    return attrs.evolve(
        merged,
        external_ids=FrozenMap(
            {system: value for system, value in merged.external_ids.items() if (system, value) in named}
        ),
        updated_at=unit.now,
        version=max(merged.version, version) + 1,
    )


def _alone(survivor: Client, joint: Client, alone: Client) -> Client:
    """The survivor without what the merge had filled in; whoever has bought since is no prospect again."""
    after = parted(survivor, joint, alone)
    if "prospect" in (after.lifecycle, after.archived_from) and after.last_bought_at is not None:
        kept = {"lifecycle": survivor.lifecycle, "archived_from": survivor.archived_from}
        return attrs.evolve(after, market_level=survivor.market_level, **kept)  # type: ignore[arg-type]
    return after


def _step_up(unit: Unit, client_id: ClientId, before: frozenset[str]) -> None:
    """Where no contact point of a kind is primary, the one that was *before* is, else the oldest that works."""
    points = unit.store.select(Query(ContactPoint, Test("client_id", "eq", client_id)))
    points.sort(key=lambda point: str(point.id) not in before)
    served = {point.kind for point in points if point.primary}
    for point in points:
        if point.kind not in served and point.status != "invalid":
            served.add(point.kind)
            unit.changed(point, attrs.evolve(point, primary=True), None, ContactPointUpdated, client_id)


def _say_no_again(unit: Unit, id: ClientId, survivor: ClientId, said: Mapping[ClientId, int]) -> None:
    """Whoever said no while the two were one may have meant either: it holds for both."""
    of_survivor = Test("client_id", "eq", survivor) & Test("kind", "in", tuple(sorted(NOES)))
    for subject, head in said.items():
        since = of_survivor & Test("orig_subject", "eq", subject) & Test("seq", "gt", head)
        for no in unit.store.select(Query(Consent, since, "seq")):
            same = Said(
                no.kind, no.purpose, no.channel, no.endpoint, evidence=no.evidence, jurisdiction=no.jurisdiction
            )
            again = say(unit, id, same)
            unit.happened(ConsentWithdrawn(*unit.envelope(), again.id, id, no.purpose, no.channel))
