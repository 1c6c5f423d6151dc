"""Plugins take part in an import once a chunk, and may refuse single rows of it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Any

import attrs
import pytest

from crmkit import CRM, Money, Purchase, Touchpoint
from crmkit.events import ClientAdded, Event
from crmkit.plugins import Command, Plugin, ProjectContext, RecordChange, Veto, hookimpl, on
from crmkit.testing import FrozenClock


class Counting(Plugin[None]):
    """Every hook that takes part, and how often it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[str, int] = {}
        self.told = 0

    def _count(self, hook: str) -> None:
        self.calls[hook] = self.calls.get(hook, 0) + 1

    @hookimpl
    def crm_around_command(self, command: Command) -> Generator[None]:
        self._count(f"around {command.name}")
        yield

    @hookimpl
    def crm_filter_touchpoint(self, drafts: Sequence[Touchpoint]) -> Sequence[Touchpoint]:
        self._count("filter")
        return [attrs.evolve(draft, outcome="seen") for draft in drafts]

    @hookimpl
    def crm_check_change(self, changes: Sequence[RecordChange]) -> Iterable[Veto]:
        self._count("check")
        return [Veto("rude", "Be polite.", "name") for one in changes if getattr(one.after, "name", "") == "rude"]

    @hookimpl
    def crm_project(self, ctx: ProjectContext, events: Sequence[Event]) -> None:
        self._count("project")

    @on(ClientAdded)
    def count(self, event: ClientAdded) -> None:
        self.told += 1


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def opened(url: str, clock: FrozenClock, counting: Counting) -> Generator[CRM]:
    with CRM.open(url, region="RU", clock=clock, plugins=[counting], delivery="inline") as crm:
        yield crm


def people(count: int) -> list[dict[str, Any]]:
    return [{"name": f"Client {number}", "phone": f"+7912{number:07}"} for number in range(count)]


def test_hooks_are_called_once_a_chunk_however_many_rows_it_has(opened: CRM, counting: Counting) -> None:
    """Ten thousand calls would cost more than the import; what each observer hears is each client all the same."""
    opened.import_clients(people(60), chunk=20)
    assert {"around clients.import": 3, "check": 3, "project": 3} == counting.calls
    assert 60 == counting.told
    counting.calls.clear()
    whose = [{"client_phone": f"+7912{number:07}"} for number in range(60)]
    opened.import_touchpoints([{**one, "channel": "call", "direction": "inbound"} for one in whose], chunk=30)
    assert {"around touchpoints.import": 2, "filter": 2, "check": 2, "project": 2} == counting.calls
    counting.calls.clear()
    opened.import_purchases([{**one, "amount": Money(1, "EUR")} for one in whose], chunk=30)
    assert {"around purchases.import": 2, "check": 2, "project": 2} == counting.calls
    with opened.read() as tx:
        assert {"seen"} == {one.outcome for one in tx.touchpoints.stream()}


def test_a_plugin_refuses_rows_one_by_one(opened: CRM, counting: Counting) -> None:
    """Whoever came after a refused row and looked like it is judged anew."""
    rows = people(40)
    rows[7]["name"] = rows[31]["name"] = "rude"
    rows.insert(8, {"name": "Polite", "phone": rows[7]["phone"]})
    report = opened.import_clients(rows)
    assert (39, 2, 0) == (report.added, report.refused, report.skipped)
    assert [(8, "name", "rude"), (33, "name", "rude")] == [(one.row, one.path, one.code) for one in report.faults]
    assert counting.calls["check"] < 30
    with opened.read() as tx:
        assert "Polite" in {client.name for client in tx.clients.stream()}
        assert 39 == tx.contact_points.count()
    assert 1 == opened.import_clients([rows[32]], dry_run=True).refused


class Strict(Plugin[None]):
    """Nothing costs thirteen, nobody is called at night."""

    @hookimpl
    def crm_check_change(self, changes: Sequence[RecordChange]) -> Iterable[Veto]:
        for change in changes:
            after = change.after
            if isinstance(after, Purchase) and after.amount == Money(13, "EUR"):
                yield Veto("unlucky", "Thirteen is unlucky.", "amount")
            if isinstance(after, Touchpoint) and after.summary == "at night":
                yield Veto("rude", "Not at night.", "summary")


def test_a_plugin_refuses_purchases_and_touchpoints_one_by_one(url: str, clock: FrozenClock) -> None:
    """Whom a refused purchase would have brought to life stays as they were; the next one does."""
    with CRM.open(url, region="RU", clock=clock, plugins=[Strict()]) as crm:
        with crm.begin() as tx:
            anna, boris = (tx.clients.add(name=name).id for name in ("Anna", "Boris"))
        rows: list[dict[str, Any]] = [
            {"client_id": anna, "amount": Money(13, "EUR")}, {"client_id": boris, "amount": Money(13, "EUR")},
            {"client_id": boris, "amount": Money(1, "EUR")},
        ]  # fmt: skip
        for dry_run in (True, False):
            report = crm.import_purchases(rows, dry_run=dry_run)
            assert (1, 0, 2) == (report.added, report.skipped, report.refused)
            assert [(1, "amount", "unlucky"), (2, "amount", "unlucky")] == [
                (one.row, one.path, one.code) for one in report.faults
            ]
        call = {"client_id": anna, "channel": "call", "direction": "inbound"}
        calls = [{**call, "summary": "at night"}, {**call, "summary": "at noon"}]
        report = crm.import_touchpoints(calls)
        assert (1, [(1, "summary")]) == (report.added, [(one.row, one.path) for one in report.faults])
        with crm.read() as tx:
            assert ["prospect", "active"] == [tx.clients.get(one).lifecycle for one in (anna, boris)]
            assert (1, ["at noon"]) == (tx.purchases.count(), [one.summary for one in tx.touchpoints.stream()])
