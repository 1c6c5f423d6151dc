"""A chunk of touchpoints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crmkit.domain.contact import Contact
from crmkit.domain.deal import Deal
from crmkit.domain.events import TouchpointRecorded
from crmkit.domain.ids import ClientId, TouchpointId
from crmkit.domain.imported import ImportReport
from crmkit.domain.thawed import maker
from crmkit.domain.touchpoint import Channel, Direction, Initiator, Touchpoint
from crmkit.services.checks import Checks, options
from crmkit.services.command import commanded
from crmkit.services.importing.columns import is_blank
from crmkit.services.importing.facts import (
    Fact,
    Readers,
    an_id,
    find_clients,
    known_already,
    linked,
    told_in,
    unrecorded,
    without,
)
from crmkit.services.importing.tally import Tally
from crmkit.services.importing.vetting import Change, forbidden, objections
from crmkit.services.unit import Unit

_touchpoint = maker(Touchpoint)


class TouchpointImport:
    """One chunk of one import, in one transaction; in one that only reads it is a trial run."""

    def __init__(self, unit: Unit, seen: set[int]) -> None:
        self._unit, self._seen = unit, seen
        self._check = check = Checks()
        self._readers: Readers = {
            "channel": check.one_of(options(Channel)),
            "direction": check.one_of(options(Direction)),
            "initiator": check.one_of(options(Initiator)),
            "at": lambda path, at: check.past(path, at, unit.now),
            "outcome": check.code, "summary": check.prose, "cost": check.money, "minutes": check.whole,
            "origin": check.code, "external_id": check.key, "contact_id": an_id(check), "deal_id": an_id(check),
        }  # fmt: skip

    def take(self, first: int, given: Sequence[object]) -> ImportReport:
        """Record what can be recorded of these rows; *first* is the number of the first of them."""
        unit, check, tally, facts = self._unit, self._check, Tally(), list[Fact]()
        for number, row in enumerate(given, first):
            fact = told_in(check, number, row, self._readers, unit.rules.region)
            for needed in ("channel", "direction"):
                if needed not in fact.told:
                    check.fault(needed, "missing", f"Say the {needed}.")
            if faults := check.taken():
                if not is_blank(row):
                    tally.refuse(number, faults)
            else:
                facts.append(fact)
        with commanded(unit, "touchpoints.import"):
            facts = without(tally, facts, find_clients(unit, facts))
            facts = without(tally, facts, linked(unit, Contact, facts, "contact_id"))
            facts = without(tally, facts, linked(unit, Deal, facts, "deal_id"))
            facts = self._new(tally, facts)
            drafts = {fact.number: self._made(fact) for fact in facts}
            if unit.slots is not None:
                amended = unit.slots.filter_many(unit, list(drafts.values()))
                drafts = dict(zip(drafts, amended, strict=True))
            if unit.slots is not None or unit.permits.limited:
                asked: dict[int, list[Change]] = {number: [(None, one)] for number, one in drafts.items()}
                vetoed = forbidden(unit, asked) or objections(unit, asked)
                facts = without(tally, facts, vetoed)
                drafts = {fact.number: drafts[fact.number] for fact in facts}
            tally.added = len(drafts)
            tally.skipped = len(given) - tally.added - tally.refused
            if unit.writable:
                self._write(list(drafts.values()))
        return tally.report(len(given))

    def _new(self, tally: Tally, facts: Sequence[Fact]) -> list[Fact]:
        """Those that are not recorded yet: the same external id of one origin is kept once."""
        origin = self._origin
        known: dict[tuple[str, str], ClientId | None] = known_already(self._unit, Touchpoint, facts, origin)
        return unrecorded(tally, facts, known, origin, None if self._unit.writable else self._seen)

    def _origin(self, fact: Fact) -> str:
        return str(fact.told.get("origin") or self._unit.source.channel)

    def _made(self, fact: Fact) -> Touchpoint:
        unit, told, client = self._unit, fact.told, fact.client
        assert client is not None
        began: Initiator = told.get("initiator") or ("client" if told["direction"] == "inbound" else "company")
        origin = self._origin(fact) if "external_id" in told else told.get("origin")
        return _touchpoint(
            TouchpointId(unit.new_id()), client.id, told.get("contact_id"), told.get("deal_id"),
            told.get("at", unit.now), told["channel"], told["direction"], began, told.get("outcome"),
            told.get("summary"), told.get("cost"), told.get("minutes"), unit.actor, origin, told.get("external_id"), None,
        )  # fmt: skip

    def _write(self, made: Sequence[Touchpoint]) -> None:
        if not made:
            return
        unit = self._unit
        unit.written += len(made)
        latest = dict[ClientId, datetime]()
        for one in made:
            if (id := one.client_id) is not None and (id not in latest or latest[id] < one.occurred_at):
                latest[id] = one.occurred_at
        unit.store.insert_many(made)
        unit.store.keep_many("last_touched_at", latest)
        unit.events += [
            TouchpointRecorded(
                *unit.envelope(), one.id, one.client_id, one.deal_id, one.channel, one.direction, one.initiator,
                one.outcome,
            )
            for one in made
        ]  # fmt: skip
