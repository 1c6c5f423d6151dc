"""The third example: data of its own."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from hypothesis import given, settings, strategies as st
from loyalty_points import LoyaltyPoints, LoyaltySettings

from crmkit import CRM, Client, Money
from crmkit.ids import ClientId


@pytest.fixture
def plugin() -> LoyaltyPoints:
    return LoyaltyPoints(LoyaltySettings())


@pytest.fixture
def crm(url: str, plugin: LoyaltyPoints) -> Generator[CRM]:
    with CRM.open(url, plugins=[plugin]) as crm:
        yield crm


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        return tx.clients.add(name="Anna")


def buy(crm: CRM, client_id: ClientId, amount: str, currency: str = "EUR") -> None:
    with crm.begin() as tx:
        tx.purchases.record(client_id, amount=Money(amount, currency))


def points(crm: CRM, plugin: LoyaltyPoints, client_id: ClientId) -> int:
    with crm.read() as tx:
        return plugin.points(tx, client_id)


def test_each_purchase_earns_its_whole_points(crm: CRM, plugin: LoyaltyPoints, anna: Client) -> None:
    """What is paid in another currency earns nothing."""
    for amount, currency in (("100", "EUR"), ("19.99", "EUR"), ("500", "USD")):
        buy(crm, anna.id, amount, currency)
    assert 11 == points(crm, plugin, anna.id)


def test_points_are_in_the_commit_of_the_purchase(crm: CRM, plugin: LoyaltyPoints, anna: Client) -> None:
    """A purchase that was rolled back earned nothing."""
    with pytest.raises(KeyError), crm.begin() as tx:
        tx.purchases.record(anna.id, amount=Money("100", "EUR"))
        raise KeyError
    assert 0 == points(crm, plugin, anna.id)


def test_a_won_deal_earns_like_any_purchase(crm: CRM, plugin: LoyaltyPoints, anna: Client) -> None:
    """Winning records a purchase, in the same transaction."""
    with crm.begin() as tx:
        tx.deals.win(tx.deals.open(anna.id, title="Order", amount=Money("70", "EUR")).id)
    assert 7 == points(crm, plugin, anna.id)


def test_what_is_given_back_earns_no_more(crm: CRM, plugin: LoyaltyPoints, anna: Client) -> None:
    """In the same transaction as the purchase, or long after it."""
    with crm.begin() as tx:
        bought = tx.purchases.record(anna.id, amount=Money("100", "EUR"))
        tx.purchases.refund(bought.id, amount=Money("30", "EUR"), reason="damaged")
    assert 7 == points(crm, plugin, anna.id)
    with crm.begin() as tx:
        tx.purchases.refund(bought.id, amount=Money("70", "EUR"), reason="damaged")
    assert 0 == points(crm, plugin, anna.id)


def test_points_of_merged_clients_add_up_and_can_be_parted_again(crm: CRM, plugin: LoyaltyPoints, anna: Client) -> None:
    """Either id leads to all of them; after an unmerge each has its own."""
    with crm.begin() as tx:
        double = tx.clients.add(name="A. Pavlova")
    buy(crm, anna.id, "50")
    buy(crm, double.id, "70")
    with crm.begin() as tx:
        tx.clients.merge(double.id, into=anna.id)
    assert (12, 12) == (points(crm, plugin, anna.id), points(crm, plugin, double.id))
    with crm.begin() as tx:
        tx.clients.unmerge(double.id)
    assert (5, 7) == (points(crm, plugin, anna.id), points(crm, plugin, double.id))


@settings(max_examples=20)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 1000)), max_size=8))
def test_no_purchase_is_counted_twice_or_lost_in_a_merge(bought: list[tuple[bool, int]]) -> None:
    """Whatever the two had before, the one has the sum of."""
    plugin = LoyaltyPoints(LoyaltySettings())
    with CRM.open("memory://", plugins=[plugin]) as crm:
        with crm.begin() as tx:
            ids = [tx.clients.add(name=name).id for name in ("Anna", "A. Pavlova")]
        for second, amount in bought:
            buy(crm, ids[second], str(amount))
        with crm.begin() as tx:
            tx.clients.merge(ids[1], into=ids[0])
        assert sum(amount // 10 for _, amount in bought) == points(crm, plugin, ids[0])
