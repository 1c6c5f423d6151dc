"""crm.import_touchpoints and crm.import_purchases: the same on every storage."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from crmkit import CRM, Client, Item, Money
from crmkit.errors import Invalid
from crmkit.events import ClientActivated, Event, PurchaseRecorded, TouchpointRecorded
from crmkit.storage.sql import SQLStorage
from crmkit.testing import FrozenClock


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        return tx.clients.add(name="Anna", phone="+79120000001", email="a@x.ru", external_ids={"shop": "1"})


def test_a_row_names_its_client_in_four_ways(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """By id, as value or text, by another system's id, by phone and by email."""
    whose: list[dict[str, Any]] = [
        {"client_id": anna.id}, {"client_id": str(anna.id)}, {"client_external_id": ("shop", "1")},
        {"client_phone": "8 912 000-00-01"}, {"client_email": "A@x.ru"},
        {"client_id": "0190a5f0-7c1e-7000-8000-000000000001"}, {"client_phone": "12"}, {},
    ]  # fmt: skip
    report = crm.import_touchpoints([{**one, "channel": "call", "direction": "inbound"} for one in whose])
    assert (5, 3) == (report.added, report.refused)
    assert [(6, "client_id"), (7, "client_phone"), (8, "client_id")] == [(one.row, one.path) for one in report.faults]
    with crm.read() as tx:
        assert 5 == len(tx.touchpoints.timeline(anna.id))
        assert clock.now() == tx.clients.get(anna.id).last_touched_at


def test_imported_touchpoints_are_as_recorded_ones(
    crm: CRM, anna: Client, clock: FrozenClock, heard: list[Event]
) -> None:
    """The latest instant is kept, the same external id of one origin once, whether stored or in the rows."""
    yesterday = clock.now() - timedelta(days=1)
    row = {"client_id": anna.id, "channel": "email", "direction": "outbound", "at": yesterday, "cost": Money(1, "EUR")}
    rows = [
        {**row, "external_id": "1", "summary": "Offer"},
        {**row, "external_id": "1"},
        {**row, "external_id": "1", "origin": "other", "at": yesterday - timedelta(days=3)},
        {**row, "deal_id": "0190a5f0-7c1e-7000-8000-000000000001"},
    ]
    report = crm.import_touchpoints(rows, chunk=1)
    assert (2, 1, 1) == (report.added, report.skipped, report.refused)
    again = crm.import_touchpoints(rows)
    assert (0, 3, 1) == (again.added, again.skipped, again.refused)
    with crm.read() as tx:
        latest, before = tx.touchpoints.timeline(anna.id)
        assert ("company", "Offer", "code", Money(1, "EUR")) == (
            latest.initiator, latest.summary, latest.origin, latest.cost,
        )  # fmt: skip
        assert "other" == before.origin
        assert yesterday == tx.clients.get(anna.id).last_touched_at
    assert 2 == sum(isinstance(event, TouchpointRecorded) for event in heard)
    assert 0 == crm.rebuild(dry_run=True).mended


@pytest.mark.parametrize("chunk", [1, 1000])
def test_imported_purchases_bring_their_clients_to_life(
    crm: CRM, anna: Client, clock: FrozenClock, heard: list[Event], chunk: int
) -> None:
    """Once, by the first; sums of months and kept instants follow."""
    rows: list[dict[str, Any]] = [
        {"client_id": anna.id, "amount": Money(5, "EUR"), "at": clock.now() - timedelta(days=2)},
        {"client_id": anna.id, "items": [Item("Tea", 2, Money("3.10", "EUR"))], "origin": "till", "external_id": "r1"},
        {"client_id": anna.id, "amount": Money(9, "EUR"), "origin": "till", "external_id": "r1"},
        {"client_id": anna.id, "amount": Money(1, "EUR"), "items": [Item("Tea", 1, Money(3, "RUB"))]},
        {"client_id": anna.id, "amount": Money(-1, "EUR")},
    ]
    assert 2 == crm.import_purchases(rows, chunk=chunk, dry_run=True).added
    report = crm.import_purchases(rows, chunk=chunk)
    assert (2, 1, 2) == (report.added, report.skipped, report.refused)
    assert [(4, "items"), (5, "amount")] == [(one.row, one.path) for one in report.faults]
    with crm.read() as tx:
        after = tx.clients.get(anna.id)
        assert ("active", "ours", clock.now(), 2) == (
            after.lifecycle, after.market_level, after.last_bought_at, after.version,
        )  # fmt: skip
        assert {"EUR": Money("11.20", "EUR")} == dict(tx.purchases.totals(anna.id))
    kinds = [type(event) for event in heard if isinstance(event, (PurchaseRecorded, ClientActivated))]
    assert [PurchaseRecorded, ClientActivated, PurchaseRecorded] == kinds
    assert 0 == crm.rebuild(dry_run=True).mended


def test_an_external_id_of_another_client_is_refused(crm: CRM, anna: Client) -> None:
    """One receipt cannot be two people's."""
    with crm.begin() as tx:
        boris = tx.clients.add(name="Boris")
    row = {"amount": Money(5, "EUR"), "origin": "till", "external_id": "r1"}
    crm.import_purchases([{**row, "client_id": anna.id}])
    report = crm.import_purchases([{**row, "client_id": boris.id}])
    assert ("external_id", "taken") == (report.faults[0].path, report.faults[0].code)


def test_no_rows_at_all_are_no_list(crm: CRM) -> None:
    """A single mapping is the usual slip."""
    row: Any = {"amount": Money(5, "EUR")}
    with pytest.raises(Invalid):
        crm.import_purchases(row)


def test_a_column_nobody_knows_is_told_by_its_place(crm: CRM, anna: Client) -> None:
    """Never by its name: in a file without a line of names that is what the first row says."""
    report = crm.import_touchpoints([{"client_id": anna.id, "channel": "call", "Boris Petrov": "x"}])
    assert ("column 3", "unknown") in [(one.path, one.code) for one in report.faults]
    assert "Boris" not in repr(report)


def test_unknown_clients_are_not_asked_for_one_by_one(tmp_path: Path) -> None:
    """Nor are those who were merged: however many they are, they take as many statements as a few."""
    storage = SQLStorage(f"sqlite:///{tmp_path}/shop.db")
    said: list[str] = []

    def listening(driver: Any, _: object) -> None:
        driver.set_trace_callback(said.append)

    event.listen(storage.engine, "connect", listening)
    storage.connections.forget()
    asked: list[int] = []
    with CRM(storage) as crm:
        with crm.begin() as tx:
            keep, drop = (tx.clients.add(name=name).id for name in ("Anna", "Anna P."))
        with crm.begin() as tx:
            tx.clients.merge(drop, into=keep)
        for count in (3, 300):
            said.clear()
            rows = [
                {"client_id": id, "channel": "call", "direction": "inbound"} for id in (drop, *map(_id, range(count)))
            ]
            report = crm.import_touchpoints(rows)
            assert (1, count) == (report.added, report.refused)
            asked.append(len(said))
    assert asked[0] == asked[1]


def _id(number: int) -> UUID:
    return UUID(int=number + 1)
