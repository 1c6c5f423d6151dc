"""The one path every changing verb takes, with its slots filled by hand."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import attrs
import pytest

from crmkit import CRM, Client, Money
from crmkit.domain.ids import ClientId
from crmkit.errors import Fault, Rejected, TransactionOver
from crmkit.events import Event
from crmkit.services.unit import Unit


@attrs.define
class Notebook:
    """Fills every slot and writes down what it sees."""

    seen: list[str] = attrs.field(factory=list[str])
    objections: tuple[Fault, ...] = ()

    @contextmanager
    def around(self, unit: Unit) -> Generator[None]:
        command = unit.command
        self.seen.append(f"> {command}")
        try:
            yield
        finally:
            self.seen.append(f"< {command}")

    def filter(self, unit: Unit, record: Any) -> Any:
        self.seen.append(f"filter {type(record).__name__}")
        return attrs.evolve(record, name=record.name.title()) if isinstance(record, Client) else record

    def check(self, unit: Unit, before: Any, after: Any) -> Iterable[Fault]:
        shown = after if after is not None else before
        self.seen.append(f"check {getattr(shown, 'name', type(shown).__name__)}")
        return self.objections

    def attempt(self, unit: Unit, client_id: ClientId, channel: str, purpose: str) -> Iterable[Fault]:
        return self.objections

    def filter_many(self, unit: Unit, records: Sequence[Any]) -> Sequence[Any]:
        return [self.filter(unit, record) for record in records]

    def check_many(self, unit: Unit, changes: Sequence[tuple[Any, Any]]) -> Iterable[Fault]:
        return [fault for before, after in changes for fault in self.check(unit, before, after)]

    def plan_merge(self, unit: Unit, keep: Client, drop: Client) -> ClientId | None:
        return None

    def resolve(self, unit: Unit, kind: str, value: str, match_key: str | None) -> ClientId | None:
        return None

    def timeline(self, unit: Unit, client_id: ClientId, before: Any, since: Any) -> tuple[Sequence[Any], bool]:
        return (), True

    def project(self, unit: Unit, events: Sequence[Event]) -> None:
        self.seen.append(f"project {' '.join(event.topic for event in events)}")


@pytest.fixture
def notebook(crm: CRM) -> Notebook:
    notes = crm._shared.slots = Notebook()
    return notes


def test_a_verb_goes_around_filter_check_and_project_once(crm: CRM, notebook: Notebook) -> None:
    """Filters come before checks, which see the final value; the amended record is what is stored."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="anna")
        assert "Anna" == anna.name == tx.clients.get(anna.id).name
    assert [
        "> clients.add", "filter Client", "check Anna", "< clients.add", "project client.added",
    ] == notebook.seen  # fmt: skip


def test_verbs_inside_verbs_are_commands_of_their_own(crm: CRM, notebook: Notebook) -> None:
    """Winning records a purchase; the projection hears of all of it once."""
    with crm.begin() as tx:
        deal = tx.deals.open(tx.clients.add(name="anna").id, title="Order", amount=Money(1, "EUR"))
        notebook.seen.clear()
        tx.deals.win(deal.id)
    around = [line for line in notebook.seen if line[0] in "<>"]
    assert ["> deals.win", "> purchases.record", "< purchases.record", "< deals.win"] == around
    assert 1 == sum(line.startswith("project") for line in notebook.seen)


def test_every_objection_is_told_and_nothing_is_written(crm: CRM, notebook: Notebook, heard: list[Event]) -> None:
    """Before the first write the rest of the transaction goes on."""
    notebook.objections = (Fault("name", "rude", "Be polite.", "manners"), Fault("name", "short", "More.", "length"))
    with crm.begin() as tx:
        with pytest.raises(Rejected) as caught:
            tx.clients.add(name="anna")
        assert 0 == tx.clients.count()
    assert ["manners", "length"] == [fault.plugin for fault in caught.value.faults]
    assert [] == heard


def test_a_verb_that_fails_half_way_ends_its_transaction(crm: CRM, notebook: Notebook, heard: list[Event]) -> None:
    """Half a verb is never committed, even if somebody catches the error."""
    with crm.begin() as tx:
        deal = tx.deals.open(tx.clients.add(name="anna").id, title="Order", amount=Money(1, "EUR"))
    heard.clear()

    class Late(Notebook):
        def check(self, unit: Unit, before: Any, after: Any) -> Iterable[Fault]:
            return [Fault("amount", "no", "No purchases today.", "late")] if unit.command == "purchases.record" else []

    crm._shared.slots = Late()
    with pytest.raises(TransactionOver), crm.begin() as tx, suppress(Rejected):
        tx.deals.win(deal.id)
    with crm.read() as tx:
        assert ("open", 0, []) == (tx.deals.get(deal.id).status, tx.purchases.count(), heard)


def test_a_projection_that_fails_rolls_everything_back(crm: CRM, heard: list[Event]) -> None:
    """It is part of the commit."""

    class Failing(Notebook):
        def project(self, unit: Unit, events: Sequence[Event]) -> None:
            raise ZeroDivisionError

    crm._shared.slots = Failing()
    with pytest.raises(ZeroDivisionError), crm.begin() as tx:
        tx.clients.add(name="anna")
    with crm.read() as tx:
        assert (0, []) == (tx.clients.count(), heard)
