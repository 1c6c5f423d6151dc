"""A chunk of clients: who is known already, who is new, and all of it written at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import attrs

from crmkit.domain.client import Client, ExternalId
from crmkit.domain.contact_point import ContactPoint, PointKind, PointStatus
from crmkit.domain.events import ClientAdded, ClientUpdated, ContactPointAdded, Event
from crmkit.domain.ids import ClientId, ContactPointId, ExternalIdId
from crmkit.domain.imported import ImportReport
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.errors import Fault
from crmkit.ports.accelerators import CHUNK, OutsideName, PointKey
from crmkit.services.changes import changes
from crmkit.services.external_names import forget_outside
from crmkit.services.importing.reading import Reader, Row, with_told
from crmkit.services.importing.tally import Tally
from crmkit.services.importing.vetting import Change, commanded, objections
from crmkit.services.unit import Unit

OnMatch = Literal["skip", "update", "add"]
_NORMALIZERS: Mapping[PointKind, str] = {"phone": "e164", "email": "rfc5321"}
_TAKEN = Fault("external_ids", "taken", "Another client has this name in that system.")


@attrs.define(slots=True, eq=False)
class _Plan:
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


class ClientImport:
    """One chunk of one import, in one transaction; in one that only reads it is a trial run."""

    def __init__(self, unit: Unit, reader: Reader, on_match: OnMatch, seen: set[int]) -> None:
        self._unit, self._reader, self._on_match = unit, reader, on_match
        #: In a trial run: what earlier chunks would have added.
        self._seen = seen
        self._names: Mapping[OutsideName, Client] = {}
        self._keys: Mapping[PointKey, Sequence[Client]] = {}
        self._theirs: dict[ClientId, list[ContactPoint]] = {}

    def take(self, first: int, given: Sequence[object]) -> ImportReport:
        """Keep what can be kept of these rows; *first* is the number of the first of them."""
        tally, rows = Tally(), list[Row]()
        read, check = self._reader.row, self._reader.check
        for number, one in enumerate(given, first):
            row = read(number, one)
            if check.any:
                tally.refuse(number, check.taken())
            else:
                rows.append(row)
        with commanded(self._unit, "clients.import"):
            self._look_up(rows)
            while True:
                plans, refused = self._plan(rows)
                for number, faults in refused.items():
                    tally.refuse(number, faults)
                rows = [row for row in rows if row.number not in refused] if refused else rows
                if not (vetoed := self._vetoed(plans)):
                    break
                for number, faults in vetoed.items():
                    tally.refuse(number, faults)
                rows = [row for row in rows if row.number not in vetoed]
            for plan in plans:
                if plan.before is None:
                    tally.added += 1
                    tally.updated += len(plan.rows) - 1
                elif plan.after is not plan.before or plan.points:
                    tally.updated += len(plan.rows)
            tally.skipped = len(rows) - tally.added - tally.updated
            if self._unit.writable:
                self._write(plans)
            else:
                self._remember(plans)
        return tally.report(len(given))

    def _look_up(self, rows: Sequence[Row]) -> None:
        """Ask once for everybody any row may mean, while nobody else adds one of them."""
        store = self._unit.store
        names = {name for row in rows for name in row.names.items()}
        keys = {(kind, key) for row in rows for kind, _, key in row.points if key is not None}
        if self._on_match == "add":
            keys = set[PointKey]()
        if self._unit.writable and (names or keys):
            store.lock(
                [*[f"external:{system}:{name}" for system, name in names], *[f"{kind}:{key}" for kind, key in keys]]
            )
        self._names = store.find_external_many(names) if names else {}
        self._keys = store.find_many(keys) if keys else {}
        if self._on_match == "update":
            known = {one.id for one in self._names.values()} | {one.id for some in self._keys.values() for one in some}
            self._theirs = {id: [] for id in known}
            ids = sorted(known)
            for start in range(0, len(ids), CHUNK):
                theirs = Test("client_id", "in", tuple(ids[start : start + CHUNK]))
                for point in store.select(Query(ContactPoint, theirs)):
                    self._theirs[point.client_id].append(point)

    def _plan(self, rows: Sequence[Row]) -> tuple[list[_Plan], dict[int, Sequence[Fault]]]:
        """Decide for each row, in their order: earlier rows are known to later ones."""
        plans, refused = list[_Plan](), dict[int, Sequence[Fault]]()
        by_name, by_key, by_id = dict[OutsideName, _Plan](), dict[PointKey, _Plan](), dict[ClientId, _Plan]()
        matching, updating, trial = self._on_match != "add", self._on_match == "update", not self._unit.writable
        for row in rows:
            found: Client | _Plan | None = None
            for name in row.names.items():
                found = by_name.get(name) or self._names.get(name)
                if found is not None:
                    break
            if found is None and matching and (by_key or self._keys):
                for kind, _, key in row.points:
                    if key is not None and (found := self._holder((kind, key), by_key)) is not None:
                        break
            if found is None:
                if trial and self._was_seen(row):
                    continue
                plans.append(plan := self._new(row))
            elif not matching:
                refused[row.number] = [_TAKEN]
                continue
            elif not updating:
                continue
            else:
                if isinstance(found, _Plan):
                    plan = found
                elif found.id in by_id:
                    plan = by_id[found.id]
                else:
                    plans.append(plan := _Plan(found, found))
                    by_id[found.id] = plan
                if not self._told(plan, row, by_name):
                    refused[row.number] = [_TAKEN]
                    continue
            if row.names:
                by_name |= dict.fromkeys(row.names.items(), plan)
            if matching:
                for kind, _, key in row.points:
                    if key is not None:
                        by_key.setdefault((kind, key), plan)
        return plans, refused

    def _holder(self, key: PointKey, by_key: Mapping[PointKey, _Plan]) -> Client | _Plan | None:
        stored = self._keys.get(key)
        return stored[0] if stored else by_key.get(key)

    def _new(self, row: Row) -> _Plan:
        unit = self._unit
        client = self._reader.client(unit, row)
        plan = _Plan(client)
        plan.rows.append(row.number)
        if len(row.points) == 1:
            plan.points.append(self._point(client.id, row.points[0], primary=True))
        elif row.points:
            self._more_points(plan, row)
        if row.names:
            plan.names += self._named(client, row.names.items())
        return plan

    def _told(self, plan: _Plan, row: Row, by_name: Mapping[OutsideName, _Plan]) -> bool:
        """Let a client have what a row tells of it; False, and nothing changed, if a name in it is another's."""
        for name in row.names.items():
            holder, planned = self._names.get(name), by_name.get(name)
            if (holder is not None and holder.id != plan.after.id) or (planned is not None and planned is not plan):
                return False
        after = with_told(plan.after, row)
        changed = after != plan.after or self._more_points(plan, row)
        if after != plan.after:
            fresh = row.names.items() - plan.after.external_ids.items()
            plan.names = [one for one in plan.names if after.external_ids.get(one.system) == one.value]
            plan.names += self._named(after, fresh)
            plan.after = after
            self._more_points(plan, row)
        if changed:
            plan.rows.append(row.number)
        return True

    def _more_points(self, plan: _Plan, row: Row) -> bool:
        """Add those of a row's points that the client has not; the first of each kind is primary."""
        id = plan.after.id
        theirs = [*self._theirs.get(id, ()), *plan.points]
        known = {(one.kind, one.match_key or one.value) for one in theirs}
        primary, before = {one.kind for one in theirs if one.primary}, len(plan.points)
        for point in row.points:
            kind, value, key = point
            if (kind, key or value) not in known:
                known.add((kind, key or value))
                plan.points.append(self._point(id, point, primary=kind not in primary))
                primary.add(kind)
        return len(plan.points) > before

    def _point(self, id: ClientId, point: tuple[PointKind, str, str | None], *, primary: bool) -> ContactPoint:
        unit, (kind, value, key) = self._unit, point
        now = unit.now
        status: PointStatus = "suspect" if key is None else "unverified"
        return ContactPoint(
            ContactPointId(unit.new_id()), id, None, kind, None, value, key, _NORMALIZERS[kind], primary, status, None,
            now, now,
        )  # fmt: skip

    def _named(self, client: Client, names: Iterable[OutsideName]) -> list[ExternalId]:
        new_id = self._unit.new_id
        return [ExternalId(ExternalIdId(new_id()), client.id, system, name) for system, name in names]

    def _vetoed(self, plans: Sequence[_Plan]) -> dict[int, Sequence[Fault]]:
        """Rows that plugins refuse; of several rows about one client, the last is the one to blame."""
        if self._unit.slots is None:
            return {}
        return objections(self._unit, {plan.rows[-1]: plan.changes() for plan in plans if plan.rows})

    def _write(self, plans: Sequence[_Plan]) -> None:
        """Everything of one kind at once; events in the order of the rows."""
        unit = self._unit
        new = [plan.after for plan in plans if plan.before is None]
        points = [point for plan in plans for point in plan.points]
        names = [name for plan in plans for name in plan.names]
        events = list[Event]()
        unit.written += len(new) + len(points) + len(names)
        if new:
            unit.store.insert_many(new)
        if points:
            unit.store.insert_many(points)
        source, now, actor, correlation_id = unit.source, unit.now, unit.actor, unit.binding.correlation_id
        for plan in plans:
            if (before := plan.before) is None:
                after = plan.after
                ids = tuple([point.id for point in plan.points])
                envelope = unit.new_id(), now, actor, source, correlation_id, 1
                events.append(ClientAdded(*envelope, after.id, after.kind, after.owner, ids))  # type: ignore[arg-type]
                continue
            if (told := changes(before, plan.after, unit.rules)) or plan.after is not before:
                changed = attrs.evolve(plan.after, version=before.version + 1, updated_at=now)
                unit.store.replace(changed, before.version)
                forget_outside(unit, before, changed)
                events.append(ClientUpdated(*unit.envelope(changed.version), before.id, told))
            events += [ContactPointAdded(*unit.envelope(), one.id, before.id, one.kind) for one in plan.points]
        if names:
            unit.store.insert_many(names)
        unit.events += events

    def _was_seen(self, row: Row) -> bool:
        """In a trial run: whether an earlier chunk would have added this one."""
        keys = [*row.names.items(), *(((kind, key) for kind, _, key in row.points) if self._on_match != "add" else ())]
        return any(hash(key) in self._seen for key in keys)

    def _remember(self, plans: Sequence[_Plan]) -> None:
        for plan in plans:
            self._seen.update(hash((one.kind, one.match_key)) for one in plan.points if one.match_key is not None)
            self._seen.update(hash((one.system, one.value)) for one in plan.names)
