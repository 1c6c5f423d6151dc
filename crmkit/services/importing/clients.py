"""A chunk of clients: looked up, planned, asked about and written, each at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from crmkit.domain.client import Client
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.events import ClientAdded, ClientUpdated, ContactPointAdded
from crmkit.domain.ids import ClientId, EventId
from crmkit.domain.imported import ImportReport
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.ports.accelerators import CHUNK, OutsideName, PointKey
from crmkit.services.command import commanded
from crmkit.services.external_names import forget_outside
from crmkit.services.importing.columns import is_blank
from crmkit.services.importing.planning import Known, OnMatch, Plan, Planning
from crmkit.services.importing.reading import Reader, Row
from crmkit.services.importing.tally import Tally
from crmkit.services.importing.vetting import forbidden, objections
from crmkit.services.unit import Unit


class ClientImport:
    """One chunk of one import, in one transaction; in one that only reads it is a trial run, which fills *seen*."""

    def __init__(self, unit: Unit, reader: Reader, on_match: OnMatch, seen: set[int]) -> None:
        self._unit, self._reader, self._seen = unit, reader, seen
        self._on_match: OnMatch = on_match

    def take(self, first: int, given: Sequence[object]) -> ImportReport:
        """Keep what can be kept of these rows; *first* is the number of the first of them."""
        tally = Tally()
        rows = self._read(tally, first, given)
        with commanded(self._unit, "clients.import"):
            known = self._look_up(rows)
            plans = self._plans(tally, rows, known)
            for plan in plans:
                if plan.before is None:
                    tally.added += 1
                    tally.updated += len(plan.rows) - 1
                else:
                    tally.updated += len(plan.rows)
            tally.skipped = len(given) - tally.refused - tally.added - tally.updated
            if self._unit.writable:
                self._write([plan for plan in plans if plan.rows])
            else:
                self._remember(plans)
        return tally.report(len(given))

    def _read(self, tally: Tally, first: int, given: Sequence[object]) -> list[Row]:
        rows, read, check = list[Row](), self._reader.row, self._reader.check
        for number, one in enumerate(given, first):
            row = read(number, one)
            if check.any:
                faults = check.taken()
                if not is_blank(one):
                    tally.refuse(number, faults)
            else:
                rows.append(row)
        return rows

    def _look_up(self, rows: Sequence[Row]) -> Known:
        """Ask once for everybody any row may mean, while nobody else adds one of them."""
        store, points = self._unit.store, dict[ClientId, list[ContactPoint]]()
        names = {name for row in rows if row.names for name in row.names.items()}
        points_of = rows if self._on_match != "add" else ()
        keys: set[PointKey] = {(kind, key) for row in points_of for kind, _, key in row.points if key is not None}
        if self._unit.writable and (names or keys):
            store.lock(
                [f"external:{system}:{name}" for system, name in names] + [f"{kind}:{key}" for kind, key in keys]
            )
        by_name: Mapping[OutsideName, Client] = store.find_external_many(names) if names else {}
        by_key: Mapping[PointKey, Sequence[Client]] = store.find_many(keys) if keys else {}
        if self._on_match == "update":
            ids = sorted({one.id for one in by_name.values()} | {some[0].id for some in by_key.values()})
            for start in range(0, len(ids), CHUNK):
                theirs = Test("client_id", "in", tuple(ids[start : start + CHUNK]))
                for point in store.select(Query(ContactPoint, theirs)):
                    points.setdefault(point.client_id, []).append(point)
        return Known(by_name, by_key, points)

    def _plans(self, tally: Tally, rows: Sequence[Row], known: Known) -> list[Plan]:
        """What the rows come to that nobody objects to: whoever leaned on a refused row is looked at anew."""
        while True:
            planning = Planning(
                self._unit, self._reader, self._on_match, known, None if self._unit.writable else self._seen
            )
            for row in rows:
                planning.take(row)
            refused = dict(planning.refused)
            if self._unit.slots is not None or self._unit.permits.limited:
                # Of several rows about one client the last is the one to blame.
                asked = {plan.rows[-1]: plan.changes() for plan in planning.plans if plan.rows}
                vetoed = forbidden(self._unit, asked) or objections(self._unit, asked)
                refused |= vetoed
            else:
                vetoed = {}
            if not vetoed:
                for number, faults in refused.items():
                    tally.refuse(number, faults)
                return planning.plans
            for number, faults in vetoed.items():
                tally.refuse(number, faults)
            rows = [row for row in rows if row.number not in vetoed]

    def _write(self, plans: Sequence[Plan]) -> None:
        """Everything of one kind at once; events in the order of the rows."""
        unit = self._unit
        new = [plan.after for plan in plans if plan.before is None]
        points = [point for plan in plans for point in plan.points]
        names = [name for plan in plans for name in plan.names]
        unit.written += len(new) + len(points) + len(names)
        unit.store.insert_many(new)
        unit.store.insert_many(points)
        for plan in plans:
            if plan.before is None:
                self._said_of_new(plan)
            else:
                self._update(plan.before, plan)
        unit.store.insert_many(names)

    def _said_of_new(self, plan: Plan) -> None:
        unit, client = self._unit, plan.after
        ids = tuple([point.id for point in plan.points])
        unit.events.append(
            ClientAdded(
                EventId(unit.new_id()), unit.now, unit.actor, unit.source, unit.binding.correlation_id, 1, client.id,
                client.kind, client.owner, ids,
            )
        )  # fmt: skip

    def _update(self, before: Client, plan: Plan) -> None:
        unit = self._unit
        if plan.after is not before:
            changed = attrs.evolve(plan.after, version=before.version + 1, updated_at=unit.now)
            unit.written += 1
            unit.store.replace(changed, before.version)
            forget_outside(unit, before, changed)
            unit.updated(before, changed, ClientUpdated)
        unit.events += [ContactPointAdded(*unit.envelope(), one.id, before.id, one.kind) for one in plan.points]

    def _remember(self, plans: Sequence[Plan]) -> None:
        for plan in plans:
            self._seen.update([hash((one.kind, one.match_key)) for one in plan.points if one.match_key is not None])
            self._seen.update([hash((one.system, one.value)) for one in plan.names])
