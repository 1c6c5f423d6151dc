"""What somebody does with a stranger's phone, id or address tells them nothing, and the head all of it."""

from __future__ import annotations

import re
from random import Random
from statistics import mean, median, variance
from time import perf_counter
from typing import Any
from uuid import uuid4

import pytest
from promises.fixtures import Tell
from small_shop import POLICY, Shop

from crmkit import CRM, Client, MemoryStorage, Transaction, to_builtins
from crmkit.access import System
from crmkit.errors import CRMError, Forbidden, NotFound
from crmkit.ids import ClientId
from crmkit.testing import FrozenClock

PROBES = 1000


def _filled(crm: CRM) -> CRM:
    """Half of the phones that will be tried are somebody else's."""
    with crm.bind(actor=System("setup")).begin() as tx:
        tx.teams.put("north", name="North")
        for user, role in (("17", "seller"), ("18", "seller"), ("2", "head")):
            tx.users.put(user, name=user, team="north", roles=[role])
    rows = [
        {"name": f"Of 18 {n}", "phone": f"+7912000{n:04}", "email": f"{n}@example.com"} for n in range(0, PROBES, 2)
    ]
    crm.bind(actor="18").import_clients(rows)
    return crm


def _blurred(told: object, number: int) -> str:
    """An answer without its ids and the number it was asked with."""
    return (
        re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", str(told)).replace(f"{number:04}", "N").replace(f"{number}@", "N@")
    )


def _added(tx: Transaction, number: int) -> object:
    phone, email = f"+7912000{number:04}", f"{number}@example.com"
    client = tx.clients.add(name="Mine", phone=phone)
    point = tx.contact_points.add(client.id, email=email)
    same, is_new = tx.clients.ensure(phone=phone, name="Mine")
    found = tx.clients.find(email=email), tx.clients.matches(phone=phone), tx.clients.count(text=phone)
    events = [type(event).__name__ for event in tx._unit.events]
    return [to_builtins(one) for one in (client, point, same, is_new, *found[1])], len(found[1]), found[2], events


def test_a_strangers_phone_is_as_good_as_a_free_one(clock: FrozenClock) -> None:
    """A thousand probes, every other one of somebody else's phone and email: the same answers but for ids (safety A5)."""
    crm = _filled(CRM(MemoryStorage(), region="RU", access=POLICY, clock=clock))
    answers = dict[str, set[int]]()
    for number in range(PROBES):
        with crm.bind(actor="17").begin() as tx:
            answers.setdefault(_blurred(_added(tx, number), number), set()).add(number % 2)
    assert [{0, 1}] == list(answers.values())
    (report,) = {
        crm.bind(actor="17").import_clients([{"name": "Row", "phone": f"+7912000{n:04}"}], on_match="add")
        for n in (0, 1)
    }
    assert 1 == report.added


def test_the_head_is_told_of_both(clock: FrozenClock) -> None:
    """Neither owner is: each sees one of the two. The head merges them, or keeps them apart."""
    crm = _filled(CRM(MemoryStorage(), region="RU", access=POLICY, clock=clock))
    with crm.bind(actor="17").begin() as tx:
        for number in (4, 5):
            _added(tx, number)
    owners = {actor: _owners_told(crm, actor) for actor in ("17", "18", "2")}
    assert {"17": [], "18": [], "2": [{"17", "18"}] * 2} == owners
    with crm.bind(actor="2").begin() as tx:
        theirs, mine = tx.clients.duplicates()[0].clients
        tx.clients.merge(mine.id, into=theirs.id)
    with crm.bind(actor="2").read() as tx:
        assert [] == list(tx.clients.duplicates())


def _owners_told(crm: CRM, actor: str) -> list[set[str | None]]:
    with crm.bind(actor=actor).read() as tx:
        return [{client.owner for client in one.clients} for one in tx.clients.duplicates()]


def test_only_who_may_write_to_both_keeps_them_apart(shop: Shop) -> None:
    """Whoever does not see one of them has nobody to keep it apart from."""
    ann, bob, cid = (shop.clients[owner] for owner in ("ann", "bob", "cid"))
    with shop.as_("ann").begin() as tx, pytest.raises(NotFound):
        tx.clients.keep_apart(ann, other=cid)
    with shop.as_("aud").begin() as tx, pytest.raises(Forbidden):
        tx.clients.keep_apart(ann, other=cid)
    with shop.as_("hal").begin() as tx:
        assert ann == tx.clients.keep_apart(ann, other=bob).id


def _probed(crm: CRM, id: ClientId) -> float:
    with crm.read() as tx:
        began = perf_counter()
        try:
            tx.clients.get(id)
        except CRMError:
            return perf_counter() - began
    raise AssertionError


@pytest.mark.nightly
@pytest.mark.parametrize("url", ["memory://", "sqlite:///{}/crm.db"])
def test_a_hidden_client_takes_as_long_as_none(url: str, tmp_path: Any, tell: Tell) -> None:
    """
    Ten thousand pairs of probes, measured (safety A4): a look at a row more, never a question more.

    Best effort, and the one test that looks at a clock: what it looks for is a difference in time.
    """
    crm = _filled(CRM.open(url.format(tmp_path), region="RU", access=POLICY))
    with crm.bind(actor="18").read() as tx:
        hidden: list[Client] = list(tx.clients.stream())
    random, mine, took = Random(4), crm.bind(actor="17"), {"hidden": list[float](), "absent": list[float]()}
    for _ in range(10_000):
        asked = [("hidden", random.choice(hidden).id), ("absent", ClientId(uuid4()))]
        random.shuffle(asked)
        for name, id in asked:
            took[name].append(_probed(mine, id))
    one, other = took.values()
    difference = abs(median(one) / median(other) - 1)
    t = abs(mean(one) - mean(other)) / (variance(one) / len(one) + variance(other) / len(other)) ** 0.5
    tell(
        "A4",
        url.partition(":")[0],
        "nightly",
        {"pairs": 10_000, "percent": round(100 * difference, 2), "t": round(t, 2)},
        "",
    )
    assert difference < 0.5
