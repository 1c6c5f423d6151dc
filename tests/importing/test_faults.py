"""What is wrong with a row is told by its column, by the rule, and with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from crmkit import CRM

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
