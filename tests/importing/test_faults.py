"""What is wrong with a row is told by its column, by the rule, and with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from crmkit import CRM, Money

NOBODY = UUID(int=1)
CLIENTS: list[tuple[dict[Any, Any], set[tuple[str, str]]]] = [
    ({"phone": "+79120000001"}, {("name", "not_text")}),
    ({"name": 7}, {("name", "not_text")}),
    ({"name": "Anna", "phone": "12"}, {("phone", "not_a_phone")}),
    ({"name": "Anna", "phone": 12}, {("phone", "not_text")}),
    ({"name": "Anna", "phone": ["+79120000001", 12]}, {("phone", "not_text")}),
    ({"name": "Anna", "phone": ["+79120000001"] * 21}, {("phone", "too_many")}),
    ({"name": "Anna", "phone": {"home": "1"}, "email": b"x"}, {("phone", "not_text"), ("email", "not_text")}),
    ({"name": "Anna", "email": "x"}, {("email", "not_an_email")}),
    ({"name": "Anna", "email": "x" * 501}, {("email", "not_text")}),
    ({"name": "Anna", "tags": 7}, {("tags", "not_a_set")}),
    ({"name": "Anna", "external_ids": 7}, {("external_ids", "not_a_mapping")}),
    ({"name": "Anna", "external_id": "shop"}, {("external_id", "not_a_pair")}),
    ({"name": "Anna", "external_id": ("shop", "1", "2")}, {("external_id", "not_a_pair")}),
    ({"name": "Anna", "external_id": ("the shop", "")}, {("external_id", "not_a_code"), ("external_id", "not_a_key")}),
    ({"name": "Anna", "custom": {"card": 7, "colour": "red", "level": "x"}},
     {("custom.card", "not_str"), ("custom.colour", "undefined"), ("custom.level", "not_int")}),
    ({"name": "Anna", "custom": 7}, {("custom", "not_a_list")}),
    ({"name": "Anna", "kind": "robot", "region": "Elsewhere", "market_level": []},
     {("kind", "unknown"), ("region", "not_a_region"), ("market_level", "unknown")}),
    ({"name": "Anna", "nick": "A"}, {("column 2", "unknown")}),
    ({"name": "Anna", 7: "A"}, {("column 2", "unknown")}),
]  # fmt: skip
TOUCHPOINTS: list[tuple[dict[Any, Any], set[tuple[str, str]]]] = [
    ({}, {("channel", "missing"), ("direction", "missing"), ("client_id", "missing")}),
    ({"client_id": "x", "channel": "smoke", "direction": "up"},
     {("channel", "unknown"), ("direction", "unknown"), ("client_id", "not_an_id")}),
    ({"client_external_id": "shop", "channel": "call", "direction": "inbound"}, {("client_external_id", "not_a_pair")}),
    ({"client_external_id": ("the shop", ""), "channel": "call", "direction": "inbound"},
     {("client_external_id", "not_a_code"), ("client_external_id", "not_a_key")}),
    ({"client_phone": "x", "channel": "call", "direction": "inbound"}, {("client_phone", "not_readable")}),
    ({"client_email": 7, "channel": "call", "direction": "inbound"}, {("client_email", "not_text"), ("client_email", "not_readable")}),
    ({"client_id": NOBODY, "channel": "call", "direction": "inbound"}, {("client_id", "not_found")}),
    ({"client_email": "no@body.org", "channel": "call", "direction": "inbound"}, {("client_email", "not_found")}),
    ({"client_external_id": ("shop", "9"), "channel": "call", "direction": "inbound"}, {("client_external_id", "not_found")}),
]  # fmt: skip


def _told(report: Any) -> set[tuple[str, str]]:
    assert (1, 1) == (report.read, report.refused)
    return {(fault.path, fault.code) for fault in report.faults}


@pytest.mark.parametrize(("row", "faults"), CLIENTS)
def test_of_a_client(crm: CRM, row: Mapping[str, Any], faults: set[tuple[str, str]]) -> None:
    """All of them at once."""
    assert faults == _told(crm.import_clients([row]))


@pytest.mark.parametrize(("row", "faults"), TOUCHPOINTS)
def test_of_a_touchpoint(crm: CRM, row: Mapping[str, Any], faults: set[tuple[str, str]]) -> None:
    """All of them at once; whether there is such a client is asked of what could be read."""
    assert faults == _told(crm.import_touchpoints([row]))


@pytest.mark.parametrize(
    ("told", "fault"),
    [({"at": datetime(2999, 1, 1, tzinfo=UTC)}, ("at", "future")), ({"at": "yesterday"}, ("at", "naive")),
     ({"deal_id": "7"}, ("deal_id", "not_an_id")), ({"deal_id": NOBODY}, ("deal_id", "not_found"))],
)  # fmt: skip
def test_of_what_happened_to_a_client_who_is_known(crm: CRM, told: Mapping[str, Any], fault: tuple[str, str]) -> None:
    """Of a touchpoint and of a purchase alike; the rows after it are kept."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="8 912 000-00-01")
        theirs = tx.deals.open(tx.clients.add(name="Boris").id, title="His")
    whose = {"client_phone": "89120000001"}
    for door, good in (
        (crm.import_touchpoints, {"channel": "call", "direction": "inbound"}), (crm.import_purchases, {"amount": Money(1, "EUR")}),
    ):  # fmt: skip
        report = door([{**whose, **good, **told}, {**whose, **good, "deal_id": theirs.id}, {**whose, **good}])
        assert (1, 2) == (report.added, report.refused)
        assert {(1, *fault), (2, "deal_id", "not_found")} == {(one.row, one.path, one.code) for one in report.faults}
    with crm.read() as tx:
        assert (1, 1) == (tx.touchpoints.count(client_id=anna.id), tx.purchases.count(client_id=anna.id))


def test_of_a_contact_who_is_somebody_elses(crm: CRM) -> None:
    """A contact belongs to one client."""
    with crm.begin() as tx:
        anna, boris = (tx.clients.add(name=name) for name in ("Anna", "Boris"))
        boss = tx.contacts.add(boris.id, name="Boss")
    row = {"client_id": anna.id, "channel": "call", "direction": "inbound", "contact_id": str(boss.id)}
    assert {("contact_id", "not_found")} == _told(crm.import_touchpoints([row]))


def test_a_wrong_value_is_remembered_as_no_right_one(crm: CRM) -> None:
    """What many rows say alike is looked at once, but for what is refused; phones are read in their row's region."""
    rows: list[dict[str, Any]] = [
        {"name": "Anna", "region": "Elsewhere"}, {"name": "Boris", "region": "Elsewhere"},
        {"name": "Clara", "region": "DE", "phone": "030 901820"}, {"name": "Dora", "region": "DE", "phone": "030 901821"},
        {"name": "Eve", "phone": "8 912 000-00-01"}, {"name": "Fay", "owner": ["4"]},
    ]  # fmt: skip
    report = crm.import_clients(rows)
    assert [(1, "region"), (2, "region"), (6, "owner")] == [(one.row, one.path) for one in report.faults]
    with crm.read() as tx:
        keys = {point.match_key for point in tx.contact_points.stream()}
    assert {"+4930901820", "+4930901821", "+79120000001"} == keys


def test_texts_are_as_long_as_lines_may_be(crm: CRM) -> None:
    """Twenty points of a kind in one row."""
    long, phones = "x" * 488 + "@example.org", [f"+7912{number:07}" for number in range(20)]
    report = crm.import_clients([{"name": "Anna", "email": long, "phone": phones}], keep_unreadable=True)
    assert (1, 0) == (report.added, report.refused)
    with crm.read() as tx:
        assert (500, 21) == (len(tx.contact_points.list(kind="email")[0].value), tx.contact_points.count())
