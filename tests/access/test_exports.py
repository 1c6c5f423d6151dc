"""Rows leave the house by a right of its own, counted before they are handed out."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crmkit import CRM, Export, Item, MemoryStorage, Money
from crmkit.access import Policy, Role, System
from crmkit.errors import BudgetSpent, Forbidden, Invalid
from crmkit.events import DataExported, DataTaken, Event
from crmkit.fields import F, Field
from crmkit.ports import Query
from crmkit.storage.opening import open_storage
from crmkit.testing import FrozenClock

POLICY = Policy(
    Role("seller", read="own", write="own"), Role("head", read="all", write="all", export="team"), rows_a_day=30
)
COUNT = 40


@pytest.fixture(params=["memory", "sqlite"])
def crm(request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock) -> CRM:
    urls = {"memory": "memory://", "sqlite": f"sqlite:///{tmp_path}/crm.db"}
    url = urls.get(request.param) or request.getfixturevalue(f"{request.param}_url")
    return filled(CRM(open_storage(url), region="RU", access=POLICY, clock=clock))


def filled(crm: CRM) -> CRM:
    with crm.bind(actor=System("setup")).begin() as tx:
        tx.teams.put("north", name="North")
        for user, team, role in (("17", "north", "seller"), ("18", None, "seller"), ("2", "north", "head")):
            tx.users.put(user, name=user, team=team, roles=[role])
    for user in ("17", "18"):
        rows = [{"name": f"Client {n} of {user}", "phone": f"+7912{user}{n:05}", "tags": ["vip"]} for n in range(COUNT)]
        crm.bind(actor=user).import_clients(rows)
    return crm


def taken(crm: CRM, actor: str = "2", **more: Any) -> tuple[list[Any], bool]:
    """The rows that somebody gets, and whether it was all."""
    rows: list[Any] = []
    try:
        rows.extend(crm.bind(actor=actor).export_clients(reason="newsletter", **more))
    except BudgetSpent:
        return rows, False
    return rows, True


def test_only_whose_role_says_so_takes_rows_out(crm: CRM) -> None:
    """Of whom it says, which may be fewer than they see; a program takes all."""
    for export in ("export_clients", "export_purchases", "export_touchpoints"):
        with pytest.raises(Forbidden, match="export"):
            getattr(crm.bind(actor="17"), export)(reason="newsletter")
    rows, whole = taken(crm, where=F.client.name.starts_with("Client 1"))
    assert ({"17"}, 11, True) == ({row["owner"] for row in rows}, len(rows), whole)
    rows, whole = taken(crm, System("house"))
    assert (2 * COUNT, True) == (len(rows), whole)


def test_what_leaves_without_its_client_says_no_more_of_them_than_an_id(clock: FrozenClock) -> None:
    """A role may take out everybody's purchases, and clients of their own only."""
    role = Role("analyst", read="all", export="all", on={"client": {"export": "own"}})
    crm = CRM(MemoryStorage(), region="RU", access=Policy(role), clock=clock)
    with crm.bind(actor=System("setup")).begin() as tx:
        tx.users.put("3", name="Analyst", roles=["analyst"])
        mine, theirs = (
            tx.clients.add(name=f"Of {owner}", phone=f"+7912000000{owner}", owner=owner).id for owner in "34"
        )
        for id in (mine, theirs):
            tx.purchases.record(id, amount=Money(9, "EUR"))
            tx.touchpoints.record(id, channel="email", direction="inbound")
    bound = crm.bind(actor="3")
    assert ["Of 3"] == [row["name"] for row in bound.export_clients(reason="look")]
    for rows in (bound.export_purchases(reason="look"), bound.export_touchpoints(reason="look")):
        whose = [{name: value for name, value in row.items() if name.startswith("client")} for row in rows]
        assert [{"client_phone": "+79120000003"}, {"client_id": theirs}] == whose


def test_a_days_budget_is_never_exceeded(crm: CRM, clock: FrozenClock) -> None:
    """What was handed out counts for 24 hours, by whichever export; then there is a budget again."""
    assert (30, False) == (len(taken(crm)[0]), taken(crm)[1])
    clock.go_on(hours=23)
    assert ([], False) == taken(crm)
    clock.go_on(hours=1)
    assert 30 == len(taken(crm)[0])
    clock.go_on(hours=25)
    first = crm.bind(actor="2").export_clients(reason="newsletter")
    assert 10 == len([next(first) for _ in range(10)])
    first.close()
    assert ("cut_short", 30) == (first.record.state, first.record.rows)  # counted by the chunk, before its first row


@pytest.mark.parametrize("crm", ["memory", "sqlite", "postgresql", "mariadb"], indirect=True)
def test_eight_exports_at_once_stay_within_the_budget(crm: CRM, clock: FrozenClock) -> None:
    """Together as one alone (safety A9); on servers writers do not take turns by themselves."""
    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            got = list(pool.map(taken, [crm] * 8))
            assert 30 == sum(len(rows) for rows, _ in got)
            clock.go_on(hours=25)


def test_an_export_is_on_record_with_its_digest(crm: CRM) -> None:
    """Who, what, why, how many, and of exactly which rows; a chunk that nobody took is not in the digest."""
    told: list[Event] = []
    crm.on(DataExported)(told.append)
    crm.on(DataTaken)(told.append)
    rows, _ = taken(crm, where=F.client.name.starts_with("Client 1"))
    text = "".join(json.dumps(row, sort_keys=True, ensure_ascii=False, default=str) + "\n" for row in rows)
    *chunks, event = told
    assert isinstance(event, DataExported)
    said = (event.actor, event.what, event.reason, event.rows, event.state, event.sha256)
    assert ("2", "clients", "newsletter", len(rows), "done", hashlib.sha256(text.encode()).hexdigest()) == said
    assert "Client 1" not in repr(told)
    assert rows
    assert len(rows) == sum(len(chunk.client_ids) for chunk in chunks if isinstance(chunk, DataTaken))
    assert all(
        chunk.fields == tuple(f"client.{column}" for column in sorted(rows[0]))
        for chunk in chunks
        if isinstance(chunk, DataTaken)
    )


BORN = Field("client", "born", date, pii=True)


def test_what_was_exported_can_be_imported(clock: FrozenClock) -> None:
    """Clients, what they bought and every touch, into an empty CRM; twice is once; out of it comes the same."""
    here, there = (CRM(MemoryStorage(), region="RU", clock=clock, fields=[BORN]) for _ in range(2))
    with here.begin() as tx:
        whose = {
            "ext": tx.clients.add(
                name="Ext", phone="+79120000001", external_ids={"shop": "7"}, custom=[BORN.to(date(1990, 1, 2))]
            ),
            "phone": tx.clients.add(name="Phone", phone="8 912 000-00-02", email="p@example.com", tags=["vip"]),
            "mail": tx.clients.add(name="Mail", email="m@example.com", language="de", market_level="ours"),
        }
        for client in whose.values():
            tx.purchases.record(client.id, items=[Item("Tea", 2, Money("3.10", "EUR"))])
            tx.purchases.record(
                client.id, amount=Money("9", "EUR"), channel="shop", origin="till", external_id=client.name
            )
            tx.touchpoints.record(client.id, channel="email", direction="inbound", summary="Asked", minutes=3)
        tx.touchpoints.record(None, channel="call", direction="inbound")
    counts: list[tuple[int, int, int]] = []
    for _ in range(2):
        clients = there.import_clients(here.export_clients(reason="move"))
        bought = there.import_purchases(here.export_purchases(reason="move"))
        touched = there.import_touchpoints(here.export_touchpoints(reason="move"))
        assert () == clients.faults + bought.faults + touched.faults
        counts.append((clients.added, bought.added, touched.added))
    assert [(3, 6, 3), (0, 0, 0)] == counts
    for export in ("export_clients", "export_purchases", "export_touchpoints"):
        given, again = (sorted(map(str, getattr(crm, export)(reason="look"))) for crm in (here, there))
        assert given == again


def test_an_export_that_is_left_is_on_record(crm: CRM) -> None:
    """As cut short once it is closed; what was handed out before stands."""
    with crm.bind(actor=System("house")).export_clients(reason="look") as export:
        next(export)
    assert ("cut_short", 2 * COUNT) == (export.record.state, export.record.rows)
    export.close()
    assert [] == list(export)


def test_whose_data_an_export_took_along_can_be_told(crm: CRM, clock: FrozenClock) -> None:
    """By who took it, or by the export: which clients, and which fields of them (safety C20)."""
    began = clock.now()
    taken(crm, where=F.client.name.starts_with("Client 1"))
    (record,) = _records(crm)
    with crm.bind(actor=System("house")).read() as tx:
        mine = {one.id for one in tx.clients.stream(owner="17") if one.name.startswith("Client 1")}
        for exposure in (
            tx.audit.exposure(since=began, actor="2"),
            tx.audit.exposure(since=began, naming=record.id),
        ):
            assert mine == {one.client_id for one in exposure.clients}
            assert {"client.name", "client.phone"} < {*exposure.clients[0].what}
            assert ({"data.taken"}, began) == ({*exposure.clients[0].how}, exposure.first)


def _records(crm: CRM) -> list[Export]:
    with crm.bind(actor=System("house")).read() as tx:
        return tx._unit.store.select(Query(Export))


def test_a_wrong_export_begins_nothing(crm: CRM) -> None:
    """Every fault at once, and no record of it."""
    with pytest.raises(Invalid) as caught:
        crm.bind(actor="2").export_clients(reason="a newsletter for Anna", where=F.deal.stage.eq("new"))
    assert {"reason", "where"} == {fault.path for fault in caught.value.faults}
    with pytest.raises(Invalid, match="whole number"):
        Policy(rows_a_day=-1)
    assert Policy(rows_a_day=None).rows_a_day is None
