from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from crmkit import CRM, Client, Item, Money, Month, Source
from crmkit.errors import Invalid, NotFound
from crmkit.events import Event, PurchaseRefunded
from crmkit.ids import ClientId
from crmkit.testing import FrozenClock


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        return tx.clients.add(name="Anna")


def test_the_amount_is_the_sum_of_the_items_unless_told(crm: CRM, anna: Client) -> None:
    """Exactly, and read back with its lines."""
    with crm.begin() as tx:
        tea, song = Item("Чай", 2, Money("3.10", "EUR")), Item("Song", 3, Money("0.99", "EUR"), group="Rock")
        summed = tx.purchases.record(anna.id, items=[tea, song])
        told = tx.purchases.record(anna.id, items=[tea], amount=Money(5, "EUR"))
        unpriced = tx.purchases.record(anna.id, items=[Item("Gift")])
    with crm.read() as tx:
        assert [summed, told, unpriced] == list(tx.purchases.list(client_id=anna.id))
    assert [Money("9.17", "EUR"), Money(5, "EUR"), None] == [one.amount for one in (summed, told, unpriced)]
    assert (tea, song) == summed.items


def test_the_same_receipt_is_recorded_once(crm: CRM, anna: Client, topics: Callable[[], list[str]]) -> None:
    """By external id and origin; the origin is the channel unless told."""
    with crm.bind(source=Source("till")).begin() as tx:
        first = tx.purchases.record(anna.id, amount=Money(1, "EUR"), external_id="r-1")
        again = tx.purchases.record(anna.id, amount=Money(1, "EUR"), external_id="r-1")
        other = tx.purchases.record(anna.id, amount=Money(1, "EUR"), origin="web", external_id="r-1")
    assert first == again
    assert ("till", "web") == (first.origin, other.origin)
    assert 2 == topics().count("purchase.recorded")


def test_an_old_purchase_does_not_turn_last_bought_back(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """Imports come in any order."""
    with crm.begin() as tx:
        tx.purchases.record(anna.id, amount=Money(1, "EUR"), at=clock.now() - timedelta(days=1))
        tx.purchases.record(anna.id, amount=Money(1, "EUR"), at=clock.now() - timedelta(days=900))
        assert clock.now() - timedelta(days=1) == tx.clients.get(anna.id).last_bought_at


def test_money_given_back_is_never_more_than_was_paid(crm: CRM, anna: Client, topics: Callable[[], list[str]]) -> None:
    """In parts, then the rest."""
    with crm.begin() as tx:
        bought = tx.purchases.record(anna.id, amount=Money(10, "EUR"))
        tx.purchases.refund(bought.id, amount=Money(4, "EUR"), reason="damaged")
        for amount in (Money(7, "EUR"), Money(1, "USD"), Money(0, "EUR")):
            with pytest.raises(Invalid, match="amount"):
                tx.purchases.refund(bought.id, amount=amount)
        assert Money(10, "EUR") == tx.purchases.refund(bought.id).refunded
        assert [Money(4, "EUR"), Money(6, "EUR")] == [refund.amount for refund in tx.purchases.refunds(bought.id)]
        assert {"EUR": Money(0, "EUR")} == tx.purchases.totals(anna.id)
    assert 2 == topics().count("purchase.refunded")


def test_totals_are_kept_apart_by_currency(crm: CRM, anna: Client) -> None:
    """Euros and roubles never add up."""
    with crm.begin() as tx:
        for amount in (Money("0.10", "EUR"), Money("0.20", "EUR"), Money(100, "RUB")):
            tx.purchases.record(anna.id, amount=amount)
        assert {"EUR": Money("0.30", "EUR"), "RUB": Money(100, "RUB")} == tx.purchases.totals(anna.id)
        with pytest.raises(Invalid, match="items"):
            tx.purchases.record(anna.id, items=[Item("a", 1, Money(1, "EUR")), Item("b", 1, Money(1, "RUB"))])


def test_a_window_of_time_includes_its_start_only(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """Half-open, as months are."""
    with crm.begin() as tx:
        for days in (0, 1, 2):
            tx.purchases.record(anna.id, amount=Money(days, "EUR"), at=clock.now() - timedelta(days=days))
        found = tx.purchases.list(since=clock.now() - timedelta(days=2), before=clock.now() - timedelta(days=1))
        assert [Money(2, "EUR")] == [purchase.amount for purchase in found]


def test_what_was_not_bought_yet_is_refused(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """A purchase is a fact; and it needs a client."""
    with crm.begin() as tx:
        with pytest.raises(Invalid, match="at"):
            tx.purchases.record(anna.id, amount=Money(1, "EUR"), at=clock.now() + timedelta(days=2))
        with pytest.raises(NotFound):
            tx.purchases.record(ClientId(UUID(int=1)), amount=Money(1, "EUR"))
        assert 0 == tx.purchases.count()


def test_months_say_what_was_bought_and_given_back(crm: CRM, clock: FrozenClock) -> None:
    """By month in UTC and by currency; the amount of a purchase without one is nothing, but it counts."""
    with crm.begin() as tx:
        anna, boris = (tx.clients.add(name=name) for name in ("Anna", "Boris"))
        tx.purchases.record(boris.id, amount=Money(7, "EUR"))
        for at, amount in (
            (datetime(2025, 11, 30, 23, 30, tzinfo=UTC), Money(5, "EUR")),
            (datetime(2025, 12, 1, 1, tzinfo=timezone(timedelta(hours=3))), Money(1, "EUR")),
            (datetime(2025, 12, 1, tzinfo=UTC), Money(2, "EUR")),
            (datetime(2025, 12, 2, tzinfo=UTC), Money(300, "RUB")),
        ):
            last = tx.purchases.record(anna.id, amount=amount, at=at)
        tx.purchases.refund(last.id, amount=Money(100, "RUB"), reason="damaged", at=datetime(2025, 12, 30, tzinfo=UTC))
        tx.purchases.refund(last.id, amount=Money(50, "RUB"), reason="damaged", at=datetime(2026, 1, 1, tzinfo=UTC))
        assert [
            Month(anna.id, "2025-11", "EUR", 2, Money(6, "EUR"), 0, Money(0, "EUR")),
            Month(anna.id, "2025-12", "EUR", 1, Money(2, "EUR"), 0, Money(0, "EUR")),
            Month(anna.id, "2025-12", "RUB", 1, Money(300, "RUB"), 1, Money(100, "RUB")),
            Month(anna.id, "2026-01", "RUB", 0, Money(0, "RUB"), 1, Money(50, "RUB")),
        ] == list(tx.purchases.months(anna.id))
        assert 1 == len(tx.purchases.months(boris.id))
        name: Any = "anna"
        with pytest.raises(Invalid):
            tx.purchases.months(name)
        with pytest.raises(NotFound):
            tx.purchases.months(ClientId(UUID(int=1)))


def test_what_was_given_back_is_listed_by_when_and_says_why(
    crm: CRM, anna: Client, clock: FrozenClock, heard: list[Event]
) -> None:
    """Whatever the order in which it was written down."""
    with crm.begin() as tx:
        bought = tx.purchases.record(anna.id, amount=Money(10, "EUR"), at=clock.now() - timedelta(days=9))
        tx.purchases.refund(bought.id, amount=Money(4, "EUR"), reason="late", at=clock.now())
        tx.purchases.refund(bought.id, amount=Money(1, "EUR"), reason="early", at=clock.now() - timedelta(days=2))
        refunds = tx.purchases.refunds(bought.id)
    assert [("early", Money(1, "EUR")), ("late", Money(4, "EUR"))] == [(one.reason, one.amount) for one in refunds]
    told = [(event.refund_id, event.reason) for event in heard if isinstance(event, PurchaseRefunded)]
    assert [(refunds[1].id, "late"), (refunds[0].id, "early")] == told


def test_what_had_no_price_is_not_given_back(crm: CRM, anna: Client) -> None:
    """Nor is what was given back already."""
    with crm.begin() as tx:
        gift = tx.purchases.record(anna.id, items=[Item("Gift")])
        paid = tx.purchases.refund(tx.purchases.record(anna.id, amount=Money(1, "EUR")).id)
        for id in (gift.id, paid.id):
            with pytest.raises(Invalid):
                tx.purchases.refund(id)
