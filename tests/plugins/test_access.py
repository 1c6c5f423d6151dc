# ruff: noqa: ARG005  # every answer is asked the same
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crmkit import CRM, MemoryStorage
from crmkit.access import ACTOR, Policy, Role, System
from crmkit.errors import Forbidden, Invalid
from crmkit.fields import F
from crmkit.plugins import Plugin, hookimpl

POLICY = Policy(
    Role("seller", read="all", write="all", pool=True),
    Role("head", read="team", write="team", reassign="team", admin=True),
)
Answer = Callable[[str, str, str], Any]


class Narrowing(Plugin[None]):
    """Answers as a test says."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer, self.asked = answer, list[tuple[str, str, str]]()

    @hookimpl
    def crm_access_scope(self, role: str, action: str, entity: str) -> Any:
        self.asked.append((role, action, entity))
        return self.answer(role, action, entity)


class Another(Narrowing):
    """One more of its kind."""


@pytest.fixture
def open_with() -> Callable[..., CRM]:
    def opened(*plugins: Plugin[Any]) -> CRM:
        storage = MemoryStorage()
        crm = CRM(storage, access=POLICY, plugins=list(plugins))
        with crm.bind(actor=System("setup")).begin() as tx:
            tx.users.put("17", name="Ann", roles=["seller"])
            tx.users.put("18", name="Bob", roles=["head"])
            for name, region, owner in (("A", "DE", "17"), ("B", "AT", "18"), ("C", None, None)):
                deal = tx.clients.add(name=name, region=region, owner=owner)
                tx.deals.open(deal.id, title=name)
        return crm

    return opened


def _of_sellers(answer: Any) -> Answer:
    return lambda role, action, entity: answer if role == "seller" else None


def seen(crm: CRM, actor: str = "17") -> list[str]:
    with crm.bind(actor=actor).read() as tx:
        return [one.name for one in tx.clients.list(order_by="name")]


def test_a_plugin_narrows_whom_a_role_sees(open_with: Callable[..., CRM]) -> None:
    """To a level, or to clients that meet a condition, which may name whoever acts; others' roles stay as they are."""
    for answer, names in (
        ("own", ["A", "C"]),
        ("none", []),
        (None, ["A", "B", "C"]),
        (F.client.region.eq("AT"), ["B"]),
        (F.client.owner.eq(ACTOR), ["A"]),
        (~F.client.owner.in_([ACTOR, "19"]), ["B", "C"]),
    ):
        crm = open_with(Narrowing(_of_sellers(answer)))
        assert names == seen(crm), answer
        assert ["B"] == seen(crm, "18")


def test_it_is_asked_once_while_the_crm_opens(open_with: Callable[..., CRM]) -> None:
    """Of each role, action and entity; never while somebody works."""
    plugin = Narrowing(lambda role, action, entity: None)
    crm = open_with(plugin)
    asked = len(plugin.asked)
    assert 2 * 6 * 10 == asked == len(set(plugin.asked))
    seen(crm)
    assert asked == len(plugin.asked)


def test_every_plugin_s_answer_holds(open_with: Callable[..., CRM]) -> None:
    """What one leaves the other may take; none gives more than the policy."""
    german = Narrowing(lambda role, action, entity: F.client.region.is_empty() | F.client.region.eq("DE"))
    owned = Another(lambda role, action, entity: ~F.client.owner.is_empty())
    assert ["A"] == seen(open_with(german, owned))
    assert ["B"] == seen(open_with(Narrowing(lambda role, action, entity: "all")), "18")


def test_an_entity_or_an_action_is_narrowed_alone(open_with: Callable[..., CRM]) -> None:
    """Deals of fewer clients; fewer clients to write to."""
    crm = open_with(Narrowing(lambda role, action, entity: "own" if (action, entity) == ("read", "deal") else None))
    with crm.bind(actor="17").read() as tx:
        assert (3, 2) == (tx.clients.count(), tx.deals.count())
    crm = open_with(Narrowing(lambda role, action, entity: F.client.region.eq("DE") if action == "write" else None))
    with crm.bind(actor="17").begin() as tx:
        german, austrian, _ = tx.clients.list(order_by="name")
        tx.clients.update(german.id, name="Changed")
        tx.touchpoints.record(german.id, channel="call", direction="inbound")
        for refused in (
            lambda: tx.clients.update(austrian.id, name="Changed"),
            lambda: tx.touchpoints.record(austrian.id, channel="call", direction="inbound"),
        ):
            with pytest.raises(Forbidden):
                refused()


def test_a_plugin_that_fails_lets_nobody_see(open_with: Callable[..., CRM]) -> None:
    """What it might have taken away must not slip through."""
    crm = open_with(Narrowing(lambda role, action, entity: 1 / 0 if role == "seller" else None))
    assert ([], ["B"]) == (seen(crm), seen(crm, "18"))


@pytest.mark.parametrize(
    ("answer", "code"),
    [("everything", "wrong_kind"), (3, "failed"), (F.client.owner.starts_with(ACTOR), "actor"),
     (F.deal.stage.eq("new"), "unknown"), ([F.client.region.eq("DE"), object()], "wrong_kind")],
    ids=["a word", "a number", "the beginning of who acts", "a condition on deals", "something else"],
)  # fmt: skip
def test_what_is_no_answer_keeps_the_crm_closed(open_with: Callable[..., CRM], answer: Any, code: str) -> None:
    """It says whose it was; a number is no list, so asking for it failed, which is nothing for anybody."""
    plugin = Narrowing(lambda role, action, entity: answer)
    if code == "failed":
        assert [] == seen(open_with(plugin))
        return
    with pytest.raises(Invalid) as caught:
        open_with(plugin)
    assert {("plugins.narrowing.crm_access_scope", code, "narrowing")} == {
        (one.path, one.code, one.plugin) for one in caught.value.faults
    }
