"""A chunk of purchases, and the clients they bring to life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import attrs

from crmkit.domain.client import Client
from crmkit.domain.deal import Deal
from crmkit.domain.events import PurchaseRecorded
from crmkit.domain.ids import ClientId, PurchaseId
from crmkit.domain.imported import ImportReport
from crmkit.domain.purchase import Purchase
from crmkit.domain.thawed import maker
from crmkit.errors import Invalid
from crmkit.services.checks import Checks
from crmkit.services.client_lifecycle import after_buying, event_of_buying
from crmkit.services.command import commanded
from crmkit.services.importing.columns import is_blank
from crmkit.services.importing.facts import (
    Fact,
    Readers,
    an_id,
    clients_of,
    find_clients,
    known_already,
    linked,
    told_in,
    unrecorded,
    without,
)
from crmkit.services.importing.tally import Tally
from crmkit.services.importing.vetting import Change, forbidden, objections
from crmkit.services.purchases import read_items, total_of
from crmkit.services.unit import Unit

#: Clients whose state a purchase changes, as they are then, and the row that does it.
Awake: TypeAlias = Mapping[ClientId, tuple[int, Client]]
_purchase = maker(Purchase)


class PurchaseImport:
    """One chunk of one import, in one transaction; in one that only reads it is a trial run."""

    def __init__(self, unit: Unit, seen: set[int]) -> None:
        self._unit, self._seen = unit, seen
        self._check = check = Checks()
        self._readers: Readers = {
            "amount": check.money,
            "items": lambda _, items: read_items(check, items),
            "at": lambda path, at: check.past(path, at, unit.now),
            "channel": check.code, "origin": check.code, "external_id": check.key, "deal_id": an_id(check),
        }  # fmt: skip

    def take(self, first: int, given: Sequence[object]) -> ImportReport:
        """Record what can be recorded of these rows; *first* is the number of the first of them."""
        unit, check, tally, facts = self._unit, self._check, Tally(), list[Fact]()
        for number, row in enumerate(given, first):
            fact = told_in(check, number, row, self._readers, unit.rules.region)
            if not (faults := check.taken()):
                try:
                    fact.told["total"] = total_of(check, fact.told.get("items", ()), fact.told.get("amount"))
                except Invalid:
                    faults = check.taken()
            if faults:
                if not is_blank(row):
                    tally.refuse(number, faults)
            else:
                facts.append(fact)
        with commanded(unit, "purchases.import"):
            facts = without(tally, facts, find_clients(unit, facts))
            facts = without(tally, facts, linked(unit, Deal, facts, "deal_id"))
            known = known_already(unit, Purchase, facts, self._origin)
            facts = unrecorded(tally, facts, known, self._origin, None if unit.writable else self._seen)
            made = {fact.number: self._made(fact) for fact in facts}
            while True:
                awake = self._awakened(facts)
                new: dict[int, list[Change]] = {fact.number: [(None, made[fact.number])] for fact in facts}
                vetoed = forbidden(unit, new) or objections(unit, self._changes(facts, made, awake))
                if not vetoed:
                    break
                facts = without(tally, facts, vetoed)
            tally.added = len(facts)
            tally.skipped = len(given) - tally.added - tally.refused
            if unit.writable and facts:
                self._write([made[fact.number] for fact in facts], clients_of(facts), awake)
        return tally.report(len(given))

    def _origin(self, fact: Fact) -> str:
        return str(fact.told.get("origin") or self._channel(fact))

    def _channel(self, fact: Fact) -> str:
        return str(fact.told.get("channel") or self._unit.source.channel)

    def _made(self, fact: Fact) -> Purchase:
        unit, told, client = self._unit, fact.told, fact.client
        assert client is not None
        origin = self._origin(fact) if "external_id" in told else told.get("origin")
        return _purchase(
            PurchaseId(unit.new_id()), client.id, told.get("deal_id"), told["total"], None, told.get("items", ()),
            self._channel(fact), unit.source, origin, told.get("external_id"), told.get("at", unit.now), unit.now,
        )  # fmt: skip

    def _awakened(self, facts: Sequence[Fact]) -> Awake:
        awake = dict[ClientId, tuple[int, Client]]()
        for fact in facts:
            assert fact.client is not None
            client, at = fact.client, fact.told.get("at", self._unit.now)
            if client.id not in awake and (after := after_buying(client, at, self._unit)) is not None:
                awake[client.id] = fact.number, after
        return awake

    def _changes(self, facts: Sequence[Fact], made: Mapping[int, Purchase], awake: Awake) -> dict[int, list[Change]]:
        changes: dict[int, list[Change]] = {fact.number: [(None, made[fact.number])] for fact in facts}
        for fact in facts:
            if fact.client is not None and fact.client.id in awake:
                number, after = awake[fact.client.id]
                if number == fact.number:
                    changes[number].append((fact.client, after))
        return changes

    def _write(self, made: Sequence[Purchase], clients: Mapping[ClientId, Client], awake: Awake) -> None:
        unit, latest, told = self._unit, dict[ClientId, datetime](), set[Any]()
        unit.written += len(made)
        for one in made:
            if one.client_id not in latest or latest[one.client_id] < one.bought_at:
                latest[one.client_id] = one.bought_at
        unit.store.insert_many(made)
        unit.store.keep_many("last_bought_at", latest)
        for id, (_, after) in awake.items():
            unit.store.replace(attrs.evolve(after, updated_at=unit.now), clients[id].version)
        for one in made:
            said = one.id, one.client_id, one.deal_id, one.amount, one.channel
            unit.happened(PurchaseRecorded(*unit.envelope(), *said))
            if one.client_id in awake and one.client_id not in told:
                told.add(one.client_id)
                unit.happened(event_of_buying(unit, clients[one.client_id], awake[one.client_id][1]))
