"""The second example: a policy."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal

import pytest
from discount_policy import DISCOUNT, DiscountPolicy, DiscountSettings

from crmkit import CRM, Deal
from crmkit.errors import Rejected


@pytest.fixture
def crm(url: str) -> Generator[CRM]:
    with CRM.open(url, plugins=[DiscountPolicy(DiscountSettings())]) as crm:
        with crm.begin() as tx:
            for team in ("managers", "sales"):
                tx.teams.put(team, name=team)
            tx.users.put("boss", name="Boss", team="managers")
            tx.users.put("gone", name="Gone", team="managers", active=False)
            tx.users.put("17", name="Anna", team="sales")
        yield crm


@pytest.fixture
def deal(crm: CRM) -> Deal:
    with crm.begin() as tx:
        return tx.deals.open(tx.clients.add(name="Boris").id, title="Order")


def give(crm: CRM, deal: Deal, actor: str | None, percent: str) -> Decimal | None:
    """What the deal's discount is afterwards."""
    with (crm if actor is None else crm.bind(actor=actor)).begin() as tx:
        return tx.deals.update(deal.id, custom=[DISCOUNT.to(Decimal(percent))]).custom[DISCOUNT]


@pytest.mark.parametrize(("actor", "percent"), [("17", "20"), (None, "19.99"), ("boss", "21"), ("boss", "90")])
def test_a_discount_within_ones_power_is_given(crm: CRM, deal: Deal, actor: str | None, percent: str) -> None:
    """Up to the limit anybody may, above it managers."""
    assert Decimal(percent) == give(crm, deal, actor, percent)


@pytest.mark.parametrize("actor", ["17", None, "gone", "nobody"])
def test_a_higher_discount_is_refused_with_what_to_do(crm: CRM, deal: Deal, actor: str | None) -> None:
    """Whoever is not known to be a manager is none; nothing is written."""
    with pytest.raises(Rejected) as caught:
        give(crm, deal, actor, "20.01")
    assert [
        ("discount_policy", "discount", "custom.discount", "A discount above 20 % is a manager's to give. Ask one.")
    ] == [(one.plugin, one.code, one.path, one.message) for one in caught.value.faults]
    with crm.read() as tx:
        assert tx.deals.get(deal.id).custom[DISCOUNT] is None


def test_a_new_deal_is_looked_at_like_a_changed_one(crm: CRM) -> None:
    """The rule is about what is written, not about the verb."""
    with pytest.raises(Rejected), crm.bind(actor="17").begin() as tx:
        client = tx.clients.add(name="Clara")
        tx.deals.open(client.id, title="Order", custom=[DISCOUNT.to(Decimal(50))])


def test_a_managers_discount_stays_when_others_work_on_the_deal(crm: CRM, deal: Deal) -> None:
    """Only who raises it is asked; lowering needs nobody."""
    give(crm, deal, "boss", "40")
    with crm.bind(actor="17").begin() as tx:
        assert Decimal(40) == tx.deals.update(deal.id, title="Big order").custom[DISCOUNT]
        tx.deals.win(deal.id)
    assert Decimal(30) == give(crm, deal, "17", "30")
    with pytest.raises(Rejected):
        give(crm, deal, "17", "40")
