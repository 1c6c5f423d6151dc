"""What an import keeps and tells is what the verbs keep and tell, field by field and event by event."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from crmkit import CRM, Client, Field, Item, Money, Source, to_builtins
from crmkit.events import Event
from crmkit.testing import FrozenClock

CARD, LEVEL = Field("client", "card", str), Field("client", "level", int)
#: Ids, and proofs of personal values, which are salted.
IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")
LATER = 40
Story = tuple[list[Any], list[Any]]
Act = Callable[[CRM], None]


@contextmanager
def shop(clock: FrozenClock, url: str) -> Generator[tuple[CRM, list[Event]]]:
    """Anna, who is dormant and in the middle of a deal, and Boris; somebody acts from somewhere."""
    heard: list[Event] = []
    with CRM.open(url, region="RU", clock=clock, fields=[CARD, LEVEL], dormant_after=timedelta(days=30)) as opened:
        crm = opened.bind(actor="7", source=Source("shop", "till", "spring", "9"))
        with crm.begin() as tx:
            anna = tx.clients.add(
                name="Anna", phone="+79120000001", lifecycle="active", language="de", tags=["old"],
                external_ids={"shop": "1"}, custom=[CARD.to("A")],
            )  # fmt: skip
            tx.contacts.add(anna.id, name="Anna's sister")
            tx.deals.open(anna.id, title="Roof", amount=Money(9, "EUR"))
            tx.clients.add(name="Boris")
        clock.go_on(days=LATER)
        opened.run_due()
        opened.on(Event)(heard.append)
        yield crm, heard


def story(crm: CRM, heard: list[Event]) -> Story:
    """Every record and every event, ids told by the name of what they lead to."""
    with crm.read() as tx:
        rooms = tx.clients, tx.contacts, tx.contact_points, tx.deals, tx.purchases, tx.touchpoints
        records = [record for room in rooms for record in room.stream()]
        named: dict[str, str] = {str(one.id): getattr(one, "name", getattr(one, "title", "?")) for one in records}
        by_name = [tx.clients.find(external_id=one) for one in (("shop", "1"), ("bank", "9"), ("shop", "2"))]

    def plain(value: Any) -> Any:
        return json.loads(IDS.sub(lambda found: named.get(found[0], "?"), json.dumps(to_builtins(value))))

    told = sorted((json.dumps(plain(record), sort_keys=True) for record in records), key=str)
    return [*told, [client and client.name for client in by_name]], [plain(event) for event in heard]


@pytest.fixture
def same(clock: FrozenClock, url: str) -> Callable[[Act, Act], None]:
    """Both come to the same story, in stores of their own."""

    def same(imported: Act, by_hand: Act) -> None:
        stories = list[Story]()
        for act, where in ((imported, url), (by_hand, "memory://")):
            with shop(FrozenClock(clock.now()), where) as (crm, heard):
                act(crm)
                stories.append(story(crm, heard))
        assert stories[1][0] == stories[0][0]
        assert stories[1][1] == stories[0][1]
        assert stories[0][1]

    return same


def _ids(crm: CRM) -> dict[str, Any]:
    with crm.read() as tx:
        rooms = tx.clients, tx.contacts, tx.deals
        return {getattr(one, "name", getattr(one, "title", "")): one.id for room in rooms for one in room.stream()}


def test_touchpoints_of_rows_are_as_recorded_ones(same: Callable[[Act, Act], None], clock: FrozenClock) -> None:
    """Every column, and none but what must be told."""

    def rows(crm: CRM) -> list[dict[str, Any]]:
        ids, now = _ids(crm), clock.now() + timedelta(days=LATER)
        full = {
            "channel": "call", "direction": "outbound", "initiator": "client", "at": now - timedelta(days=3), "outcome": "offer",
            "summary": "Called back", "cost": Money(2, "EUR"), "minutes": 7, "origin": "pbx", "external_id": "c1",
            "contact_id": ids["Anna's sister"], "deal_id": ids["Roof"],
        }  # fmt: skip
        short = {"channel": "email", "direction": "inbound"}
        return [
            {**full, "client_id": ids["Anna"]},
            {**short, "client_id": ids["Anna"], "at": now - timedelta(days=5)},
            {**short, "client_id": ids["Boris"]},
            {**short, "direction": "outbound", "client_id": ids["Boris"], "external_id": "m1"},
            {**short, "client_id": ids["Boris"], "origin": "box"},
        ]

    def by_hand(crm: CRM) -> None:
        for row in rows(crm):
            with crm.begin() as tx:
                tx.touchpoints.record(**row)

    def imported(crm: CRM) -> None:
        report = crm.import_touchpoints(
            [{**row, "deal_id": str(row["deal_id"])} if "deal_id" in row else row for row in rows(crm)]
        )
        assert (5, 5, ()) == (report.read, report.added, report.faults)

    same(imported, by_hand)


def test_purchases_of_rows_are_as_recorded_ones(same: Callable[[Act, Act], None], clock: FrozenClock) -> None:
    """They bring their clients to life, once, by the first."""

    def rows(crm: CRM) -> list[dict[str, Any]]:
        ids, now = _ids(crm), clock.now() + timedelta(days=LATER)
        return [
            {"client_id": ids["Anna"], "amount": Money(5, "EUR"), "at": now - timedelta(days=2), "deal_id": ids["Roof"], "channel": "web"},
            {"client_id": ids["Boris"], "items": [Item("Tea", 2, Money("3.10", "EUR")), Item("Cup", 1, Money(4, "EUR"))]},
            {"client_id": ids["Anna"], "amount": Money(1, "RUB"), "origin": "till", "external_id": "r1"},
            {"client_id": ids["Anna"], "amount": Money(2, "RUB"), "channel": "fair", "external_id": "r2", "at": now - timedelta(days=9)},
            {"client_id": ids["Boris"], "amount": Money(3, "RUB"), "external_id": "r3"},
            {"client_id": ids["Boris"], "amount": Money(3, "RUB"), "origin": "elsewhere"},
        ]  # fmt: skip

    def by_hand(crm: CRM) -> None:
        for row in rows(crm):
            with crm.begin() as tx:
                tx.purchases.record(**row)

    def imported(crm: CRM) -> None:
        report = crm.import_purchases(rows(crm))
        assert (6, 6, ()) == (report.read, report.added, report.faults)

    same(imported, by_hand)


def test_new_clients_of_rows_are_as_added_ones(same: Callable[[Act, Act], None]) -> None:
    """Two rows of one client who is new come to one."""
    row: dict[str, Any] = {
        "name": "ООО «Ёлка»", "kind": "organization", "phone": "8 (912) 345-67-89", "email": "Boss@Example.org",
        "region": "KZ", "language": "ru", "time_zone": "Asia/Almaty", "market_level": "competitor",
        "tags": ["vip", "север"], "lifecycle": "active", "owner": "4", "source": Source("fair"),
    }  # fmt: skip

    def by_hand(crm: CRM) -> None:
        with crm.begin() as tx:
            tx.clients.add(**row, external_ids={"shop": "2"}, custom=[CARD.to("B"), LEVEL.to(3)])
            tx.clients.add(name="Clara", owner="7")

    def imported(crm: CRM) -> None:
        given = {**row, "external_id": ("shop", "2"), "custom": {"card": "B", "level": 3}}
        assert 2 == crm.import_clients([given, {"name": "Clara", "phone": "", "email": None}]).added

    same(imported, by_hand)


def test_known_clients_of_rows_are_as_updated_ones(same: Callable[[Act, Act], None]) -> None:
    """Single values are replaced, the rest is added to; what only a new client is told of stays."""

    def by_hand(crm: CRM) -> None:
        anna = _ids(crm)["Anna"]
        with crm.begin() as tx:
            tx.clients.update(
                anna, name="Anna P.", language="ru", tags=["old", "new"], custom=[LEVEL.to(3)],
                external_ids={"shop": "1", "bank": "9"},
            )  # fmt: skip
            tx.contact_points.add(anna, phone="+79120000002")
            tx.contact_points.add(anna, email="a@x.ru", primary=True)

    def imported(crm: CRM) -> None:
        row = {
            "phone": ["+79120000001", "+79120000002"], "email": "a@x.ru", "name": "Anna P.", "language": "ru",
            "tags": ["new"], "owner": "5", "lifecycle": "prospect", "source": Source("fair"), "custom": {"level": 3},
            "external_ids": {"bank": "9"},
        }  # fmt: skip
        assert 1 == crm.import_clients([row], on_match="update").updated

    same(imported, by_hand)


def test_several_rows_of_one_known_client_come_to_one_change(crm: CRM, heard: list[Event]) -> None:
    """They come to one change, one version up; nothing changed is nothing written."""
    with crm.begin() as tx:
        ids: list[Client] = [tx.clients.add(name=name, external_ids={"shop": name}) for name in ("Anna", "Boris")]
    heard.clear()
    rows: list[dict[str, Any]] = [
        {"external_id": ("shop", "Anna"), "name": "Anna P."},
        {"external_id": ("shop", "Boris"), "name": "Boris"},
        {"external_id": ("shop", "Anna"), "name": "Anna P.", "external_ids": {"bank": "1"}, "phone": "+79120000001"},
        {"external_id": ("shop", "Boris"), "name": "Boris", "external_ids": {"bank": "1"}},
        {"external_id": ("shop", "Anna"), "name": "Anna P.", "external_ids": {"bank": "2"}},
        {"external_id": ("shop", "Anna"), "name": "Anna P.", "external_ids": {"fair": "3"}, "email": "a@x.ru"},
    ]
    report = crm.import_clients(rows, on_match="update")
    assert (0, 4, 1, 1) == (report.added, report.updated, report.skipped, report.refused)
    assert [(4, "external_ids", "taken")] == [(one.row, one.path, one.code) for one in report.faults]
    with crm.read() as tx:
        anna, boris = (tx.clients.get(one.id) for one in ids)
        assert ({"shop": "Anna", "bank": "2", "fair": "3"}, 2) == (dict(anna.external_ids), anna.version)
        assert (ids[1], anna) == (boris, tx.clients.find(external_id=("bank", "2")))
        assert None is tx.clients.find(external_id=("bank", "1"))
        assert anna == tx.clients.find(external_id=("fair", "3"))
    assert ["client.updated", "contact_point.added", "contact_point.added"] == [event.topic for event in heard]
    assert 0 == crm.rebuild(dry_run=True).mended
