"""What the rows of a chunk come to: who is known already, who is new, and what of them is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Literal

import attrs

from crmkit.domain.client import Client, ExternalId
from crmkit.domain.contact_point import ContactPoint, PointKind, PointStatus
from crmkit.domain.ids import ClientId, ContactPointId, ExternalIdId
from crmkit.domain.thawed import maker
from crmkit.errors import Fault
from crmkit.ports.accelerators import OutsideName, PointKey
from crmkit.services.importing.reading import Reader, Row, with_told
from crmkit.services.importing.vetting import Change
from crmkit.services.unit import Unit

OnMatch = Literal["skip", "update", "add"]
_NORMALIZERS: Mapping[PointKind, str] = {"phone": "e164", "email": "rfc5321"}
TAKEN = Fault("external_ids", "taken", "Another client has this name in that system.")
_point = maker(ContactPoint)


@attrs.define(slots=True, eq=False)
class Plan:
    """What one client comes to: new, or *before* was stored already."""

    after: Client
    before: Client | None = None
    points: list[ContactPoint] = attrs.Factory(list[ContactPoint])
    names: list[ExternalId] = attrs.Factory(list[ExternalId])
    rows: list[int] = attrs.Factory(list[int])

    def changes(self) -> list[Change]:
        """What plugins are asked about."""
        if self.before is None:
            own: list[Change] = [(None, self.after)]
        else:
            own = [(self.before, self.after)] if self.after is not self.before else []
        return [*own, *[(None, one) for one in self.points], *[(None, one) for one in self.names]]


@attrs.frozen
class Known:
    """Whom the store has, of all whom the rows of one chunk may mean; for updates their contact points, too."""

    names: Mapping[OutsideName, Client]
    keys: Mapping[PointKey, Sequence[Client]]
    points: Mapping[ClientId, Sequence[ContactPoint]]


class Planning:
    """
    Decides for each row of a chunk in their order; what earlier rows come to is known to later ones.

    *seen* are the keys that earlier chunks of a trial run would have added; None where it is no trial.
    """

    def __init__(self, unit: Unit, reader: Reader, on_match: OnMatch, known: Known, seen: Set[int] | None) -> None:
        self._unit, self._reader, self._known, self._seen = unit, reader, known, seen
        self._matching, self._updating = on_match != "add", on_match == "update"
        self._by_name: dict[OutsideName, Plan] = {}
        self._by_key: dict[PointKey, Plan] = {}
        self._by_id: dict[ClientId, Plan] = {}
        self.plans: list[Plan] = []
        self.refused: dict[int, Sequence[Fault]] = {}

    def take(self, row: Row) -> None:
        """Decide for one row."""
        found = self._match(row)
        if found is None:
            if self._seen is None or not self._was_seen(row, self._seen):
                self._added(row)
        elif not self._matching:
            self.refused[row.number] = [TAKEN]
        elif self._updating:
            self._updated(row, found)

    def _match(self, row: Row) -> Client | Plan | None:
        """Whom a row means: by external id, then by phone, then by email; the stored before the planned."""
        names, keys = self._known.names, self._known.keys
        for name in row.names.items() if row.names else ():
            if (found := self._by_name.get(name) or names.get(name)) is not None:
                return found
        if self._matching:
            for kind, _, key in row.points:
                if stored := keys.get((kind, key or "")):
                    return stored[0]
                if (planned := self._by_key.get((kind, key or ""))) is not None:
                    return planned
        return None

    def _added(self, row: Row) -> None:
        client = self._reader.client(self._unit, row)
        plan = Plan(client)
        plan.rows.append(row.number)
        self.plans.append(plan)
        if row.points:
            self._more_points(plan, row)
        if row.names:
            plan.names += self._named(client, row.names.items())
        self._note(plan, row)

    def _updated(self, row: Row, found: Client | Plan) -> None:
        plan = found if isinstance(found, Plan) else self._by_id.get(found.id)
        if plan is None:
            assert isinstance(found, Client)
            plan = self._by_id[found.id] = Plan(found, found)
            self.plans.append(plan)
        if any(self._is_anothers(name, plan) for name in row.names.items()):
            self.refused[row.number] = [TAKEN]
            return
        before, after = plan.after, with_told(plan.after, row)
        changed = self._more_points(plan, row)
        if after != before:
            fresh = row.names.items() - before.external_ids.items()
            plan.names = [one for one in plan.names if after.external_ids.get(one.system) == one.value]
            plan.names += self._named(after, fresh)
            plan.after, changed = after, True
        if changed:
            plan.rows.append(row.number)
        self._note(plan, row)

    def _is_anothers(self, name: OutsideName, plan: Plan) -> bool:
        holder, planned = self._known.names.get(name), self._by_name.get(name)
        return (holder is not None and holder.id != plan.after.id) or (planned is not None and planned is not plan)

    def _note(self, plan: Plan, row: Row) -> None:
        """Let later rows know whom this one came to."""
        if row.names:
            self._by_name |= dict.fromkeys(row.names.items(), plan)
        if self._matching:
            for kind, _, key in row.points:
                if key is not None:
                    self._by_key.setdefault((kind, key), plan)

    def _more_points(self, plan: Plan, row: Row) -> bool:
        """Add those of a row's points that the client has not; the first of each kind is primary."""
        id, points = plan.after.id, plan.points
        theirs = self._known.points.get(id, ())
        known = {(one.kind, one.match_key or one.value) for one in theirs} if theirs else set[tuple[str, str]]()
        primary: set[str] = {one.kind for one in theirs if one.primary}
        if points:
            known |= {(one.kind, one.match_key or one.value) for one in points}
            primary |= {one.kind for one in points if one.primary}
        before, new_id, now = len(points), self._unit.new_id, self._unit.now
        for kind, value, key in row.points:
            if (kind, key or value) not in known:
                known.add((kind, key or value))
                status: PointStatus = "suspect" if key is None else "unverified"
                points.append(
                    _point(
                        ContactPointId(new_id()), id, None, kind, None, value, key, _NORMALIZERS[kind],
                        kind not in primary, status, None, now, now,
                    )
                )  # fmt: skip
                primary.add(kind)
        return len(points) > before

    def _named(self, client: Client, names: Iterable[OutsideName]) -> list[ExternalId]:
        new_id = self._unit.new_id
        return [ExternalId(ExternalIdId(new_id()), client.id, system, name) for system, name in names]

    def _was_seen(self, row: Row, seen: Set[int]) -> bool:
        if any(hash(name) in seen for name in row.names.items()):
            return True
        return self._matching and any(hash((kind, key)) in seen for kind, _, key in row.points if key is not None)
