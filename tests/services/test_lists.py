from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmkit import CRM, Field, Money
from crmkit.errors import Invalid
from crmkit.fields import F
from crmkit.ports import Test
from crmkit.testing import FrozenClock


def walk(crm: CRM, order_by: str, limit: int = 2) -> list[str]:
    """Every client's name, page by page."""
    with crm.read() as tx:
        names, after = list[str](), None
        for _ in range(20):
            page = tx.clients.list(order_by=order_by, limit=limit, after=after)  # type: ignore[arg-type]
            names += [client.name for client in page]
            if (after := page.next) is None:
                return names
            assert all(client.name not in after for client in page)
    return names  # pages that never end are not the list that was asked for


def test_pages_follow_one_another_and_hold_no_names(crm: CRM) -> None:
    """Every client once, in order; the cursor says only where."""
    with crm.begin() as tx:
        for name in ("Cyd", "Ada", "Bob", "Ada", "Dan"):
            tx.clients.add(name=name)
    assert ["Ada", "Ada", "Bob", "Cyd", "Dan"] == walk(crm, "name")
    assert ["Dan", "Cyd", "Bob", "Ada", "Ada"] == walk(crm, "-name", 3)
    assert ["Cyd", "Ada", "Bob", "Ada", "Dan"] == walk(crm, "created_at", 1)


def test_those_never_touched_come_first_or_last(crm: CRM, clock: FrozenClock) -> None:
    """Emptiness counts as earlier than any instant, on every page."""
    with crm.begin() as tx:
        for name, days in (("never 1", None), ("old", 9), ("new", 1), ("never 2", None), ("mid", 5)):
            client = tx.clients.add(name=name)
            if days is not None:
                at = clock.now() - timedelta(days=days)
                tx.touchpoints.record(client.id, channel="call", direction="inbound", at=at)
    assert ["never 1", "never 2", "old", "mid", "new"] == walk(crm, "last_touched_at")
    assert ["new", "mid", "old", "never 2", "never 1"] == walk(crm, "-last_touched_at")


def test_a_stream_gives_every_record_in_order(crm: CRM) -> None:
    """More than one chunk of them."""
    with crm.begin() as tx:
        for number in range(1203):
            tx.clients.add(name=f"{number:05}", owner="17" if number % 2 else None)
        assert [f"{number:05}" for number in range(1202, -1, -1)] == [
            client.name for client in tx.clients.stream(order_by="-name")
        ]
        assert 601 == sum(1 for _ in tx.clients.stream(owner="17")) == tx.clients.count(owner="17")
        assert 602 == tx.clients.count(owner=None)


def test_wrong_questions_are_invalid(crm: CRM) -> None:
    """Limits, orders, filters, cursors and conditions, each by its keyword."""
    with crm.begin() as tx:
        gone = tx.clients.list(limit=1, after=None)
        tx.contacts.add(tx.clients.add(name="Anna").id, name="Bob")
        assert gone.next is None
        wrong: list[tuple[str, dict[str, object]]] = [
            ("limit", {"limit": 0}),
            ("limit", {"limit": 1001}),
            ("limit", {"limit": True}),
            ("order_by", {"order_by": "owner"}),
            ("after", {"after": "junk"}),
            ("after", {"after": "0190a5f07c1e70008000000000000001"}),
            ("nope", {"nope": 1}),
            ("where", {"where": "owner = 17"}),
            ("where", {"where": F.deal.stage.eq("new")}),
            ("where", {"where": F.client.created_at.lt("yesterday")}),  # type: ignore[arg-type]
            ("where", {"where": F.client.name.has("x")}),
            ("where", {"where": F.client.tags.eq("x")}),
            ("owner", {"owner": 17}),
            ("lifecycle", {"lifecycle": "asleep"}),
        ]
        for path, given in wrong:
            with pytest.raises(Invalid) as caught:
                tx.clients.list(**given)  # type: ignore[arg-type]
            assert path in [fault.path for fault in caught.value.faults], (path, given)


def test_a_condition_meets_what_the_same_transaction_wrote(crm: CRM) -> None:
    """Reads see their own transaction's writes."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", owner="17")
        assert [anna] == list(tx.clients.list(where=F.client.owner.eq("17") & ~F.client.name.eq("Bob")))
        assert {anna.id: anna} == tx.clients.get_many([anna.id, anna.id])
        assert [] == list(tx.clients.list(where=F.client.owner.in_([])))


def test_a_form_that_was_left_empty_asks_for_everybody(crm: CRM) -> None:
    """A search box with nothing in it is no search, and a page that nobody left is the first."""
    with crm.begin() as tx:
        for name in ("Ada", "Bob"):
            tx.clients.add(name=name)
        assert 2 == len(tx.clients.list(text="", after="")) == len(tx.clients.list(text="  "))
        assert 2 == tx.clients.count(text=" ") == len(list(tx.clients.stream(text="")))


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"owner": ""}, "owner: Leave owner out to ask for all, or say None"),
        ({"tag": ""}, "tag: Leave tag out"),
        ({"lifecycle": ""}, "lifecycle: Leave lifecycle out"),
        ({"tag": None}, "tag: Leave tag out to ask for all"),
        ({"lifecycle": ["active", "prospect"]}, "lifecycle: lifecycle takes one value. For several: where="),
    ],
)
def test_a_filter_that_asks_for_nothing_is_told_by_its_own_name(crm: CRM, filters: Any, said: str) -> None:
    """And never finds nobody in silence."""
    with crm.read() as tx, pytest.raises(Invalid) as caught:
        tx.clients.list(**filters)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "known"), [("\ud800", False), ("a\x00b", False), ("Ёлка 🙂", True), ("x" * 5000, True)]
)
def test_a_text_that_no_storage_can_hold_is_compared_with_nothing(crm: CRM, text: str, known: bool) -> None:
    """Half a character or a NUL is a fault of the caller's; letters of any language are not."""
    with crm.read() as tx:
        if known:
            assert 0 == tx.clients.count(where=F.client.owner.eq(text))
        else:
            with pytest.raises(Invalid, match="half characters"):
                tx.clients.count(where=F.client.owner.eq(text))


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (Test("lifecycle", "in", ("active", "asleep")), "one of: prospect, active"), (Test("owner", "lt", 7), "compared with a str"),
        (Test("owner", "has", "4"), "is no set"), (Test("tags", "eq", "vip"), r"takes \.has"), (Test("tags", "has", 7), "compared with a str"),
        (Test("version", "eq", 2**63), "64 bits"), (Test("version", "eq", True), "compared with a int"),
        (Test("created_at", "starts_with", "2026"), "cannot be asked"), (Test("id", "lt", "x"), "cannot be asked"),
        (Test("owner", "in", "47"), "several values"), (Test("colour", "eq", "red"), "has no field colour"),
        (Test("custom.colour", "eq", "red"), "no custom field"), (Test("custom.level", "eq", "x"), "compared with a int"),
    ],
)  # fmt: skip
def test_a_condition_that_asks_what_cannot_be_is_told_why(crm: CRM, where: Test, told: str) -> None:
    """By the type of the field, and by the words it holds; None may be asked of every field."""
    with crm.read() as tx:
        with pytest.raises(Invalid, match=told):
            tx.clients.list(where=where)
        for field in ("lifecycle", "owner", "last_bought_at", "region"):
            assert 0 == tx.clients.count(where=Test(field, "eq", None))


def test_custom_amounts_are_asked_for_equality_only() -> None:
    """Amounts of two currencies have no order; several may be asked for at once."""
    price = Field("client", "price", Money)
    with CRM.open("memory://", fields=[price]) as crm, crm.begin() as tx:
        anna = tx.clients.add(name="Anna", custom=[price.to(Money(1, "EUR"))])
        assert [anna] == list(tx.clients.list(where=price.in_([Money(1, "EUR"), Money(2, "EUR")])))
        with pytest.raises(Invalid, match="equality only"):
            tx.clients.list(where=Test("custom.price", "lt", "EUR 2"))
