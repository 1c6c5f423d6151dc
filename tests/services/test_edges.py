"""What a determined user tripped over, each once and for all."""

from __future__ import annotations

import decimal
import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from crmkit import CRM, Client, Field, Item, MemoryStorage, Money
from crmkit.errors import Conflict, Invalid
from crmkit.events import Event
from crmkit.fields import F, from_json, to_json
from crmkit.testing import FrozenClock

CARD = Field("client", "card", str)
Topics = Callable[[], list[str]]


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        return tx.clients.add(name="Anna", phone="+79120000001")


def test_ensure_reads_a_generator_once(crm: CRM) -> None:
    """Tags and custom values that come as one are kept."""
    with crm.begin() as tx:
        given: dict[str, Any] = {"tags": (tag for tag in ["vip"]), "custom": (one for one in [CARD.to("A")])}
        client, _ = tx.clients.ensure(name="G", phone="+79120000002", external_id=("shop", "1"), **given)
        assert ({"vip"}, "A", "1") == (set(client.tags), client.custom[CARD], client.external_ids["shop"])


def test_money_does_not_listen_to_the_hosts_decimal_context(crm: CRM, anna: Client) -> None:
    """Six digits of precision around us round nothing."""
    with decimal.localcontext() as context:
        context.prec = 6
        amount = Money("1234567.89", "EUR")
        with crm.begin() as tx:
            tx.purchases.record(anna.id, items=[Item("Yacht", 2, amount)])
            assert Money("2469135.78", "EUR") == tx.purchases.totals(anna.id)["EUR"]
    assert "1234567.89 EUR" == str(amount)


def test_stating_the_version_changes_nothing_where_nothing_changes(
    crm: CRM, anna: Client, clock: FrozenClock, topics: Topics
) -> None:
    """No event, no new version, no instant moved; a stale one is a conflict all the same."""
    with crm.begin() as tx:
        deal = tx.deals.open(anna.id, title="Order", owner="17")
        task = tx.tasks.complete(tx.tasks.plan(anna.id, title="Call", due=clock.now()).id)
        ticket = tx.tickets.resolve(tx.tickets.open(anna.id, subject="Late").id)
    topics()
    clock.go_on(days=2)
    with crm.begin() as tx:
        assert deal == tx.deals.move(deal.id, to=deal.stage, version=deal.version)
        assert deal == tx.deals.assign(deal.id, owner="17", version=deal.version)
        assert task == tx.tasks.complete(task.id, version=task.version)
        assert ticket == tx.tickets.resolve(ticket.id, version=ticket.version)
        assert anna == tx.clients.update(anna.id, name="Anna", version=anna.version)
    assert [] == topics()
    with pytest.raises(Conflict), crm.begin() as tx:
        tx.tasks.complete(task.id, version=1)


def test_a_deal_won_twice_is_paid_once(crm: CRM, anna: Client) -> None:
    """Reopened, it keeps its purchase, unless all of it was given back."""
    with crm.begin() as tx:
        deal = tx.deals.open(anna.id, title="Order", amount=Money(5, "RUB"))
        for _ in range(2):
            tx.deals.win(deal.id)
            tx.deals.reopen(deal.id)
        (purchase,) = tx.purchases.list(deal_id=deal.id)
        tx.purchases.refund(purchase.id)
        tx.deals.win(deal.id)
        assert (2, Money(5, "RUB")) == (tx.purchases.count(deal_id=deal.id), tx.purchases.totals(anna.id)["RUB"])


def test_an_archived_prospect_who_bought_is_active_when_restored(crm: CRM, anna: Client, topics: Topics) -> None:
    """The first purchase counts wherever the client lies."""
    topics()
    with crm.begin() as tx:
        tx.clients.archive(anna.id)
        tx.purchases.record(anna.id, amount=Money(1, "RUB"))
        assert "archived" == tx.clients.get(anna.id).lifecycle
        assert "active" == tx.clients.restore(anna.id).lifecycle
    assert ["client.archived", "purchase.recorded", "client.activated", "client.restored"] == topics()


def test_losing_keeps_the_competitor_on_record(crm: CRM, anna: Client) -> None:
    """What is omitted stays."""
    with crm.begin() as tx:
        deal = tx.deals.open(anna.id, title="Order")
        tx.deals.update(deal.id, competitor="ACME")
        assert "ACME" == tx.deals.lose(deal.id, reason="price").competitor


def test_a_no_to_messengers_is_a_no_to_each(crm: CRM, anna: Client) -> None:
    """And there is no such thing as an email of a network."""
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="marketing", channel="messenger:telegram")
        tx.consents.withdraw(anna.id, purpose="marketing", channel="messenger")
        assert not tx.consents.may_contact(anna.id, purpose="marketing", channel="messenger:telegram").allowed
        for channel in ("email:", "sms:anything", "messenger:"):
            with pytest.raises(Invalid, match="channel"):
                tx.consents.grant(anna.id, purpose="marketing", channel=channel)


def test_any_number_that_rang_can_be_recorded(crm: CRM) -> None:
    """However long; an unknown caller's task is the pool's, whoever reported the call."""
    with crm.bind(actor="pbx").begin() as tx:
        call = tx.calls.record(number="x" * 495, disposition="no_answer")
        (task,) = tx.tasks.list()
        assert ("x" * 495, None) == (call.number, task.assignee)


def test_what_belongs_to_another_client_is_not_taken_for_ours(crm: CRM, anna: Client) -> None:
    """A call has a touchpoint of its own; a receipt of another client's is told, not returned."""
    with crm.begin() as tx:
        bob = tx.clients.add(name="Bob", phone="+79120000003")
        theirs = tx.touchpoints.record(anna.id, channel="email", direction="inbound", origin="o", external_id="1")
        call = tx.calls.record(number="+79120000003", disposition="answered", origin="o", external_id="1")
        assert call.touchpoint_id != theirs.id
        assert tx.clients.get(bob.id).last_touched_at is not None
        tx.purchases.record(anna.id, amount=Money(1, "EUR"), origin="o", external_id="1")
        with pytest.raises(Invalid, match="Another client's purchase"):
            tx.purchases.record(bob.id, amount=Money(1, "EUR"), origin="o", external_id="1")
        with pytest.raises(Invalid, match="Another client's touchpoint"):
            tx.touchpoints.record(bob.id, channel="email", direction="inbound", origin="o", external_id="1")


def test_pages_of_pipelines_hold_their_limit_and_the_standard_one(crm: CRM) -> None:
    """On the page its key belongs to, and in get_many."""
    with crm.begin() as tx:
        for key in ("aaa", "zzz"):
            tx.pipelines.define(key, stages=["x"])
        seen, after = list[str](), None
        for _ in range(3):
            page = tx.pipelines.list(limit=1, after=after)
            seen += [one.id for one in page]
            after = page.next
        assert (["aaa", "sales", "zzz"], None) == (seen, after)
        assert {"aaa", "sales"} == tx.pipelines.get_many(["aaa", "sales", "nope"]).keys()


def test_a_deal_whose_stage_is_gone_reopens_in_the_first(crm: CRM, anna: Client) -> None:
    """So that the board shows it."""
    with crm.begin() as tx:
        tx.pipelines.define("p", stages=["a", "b"])
        deal = tx.deals.open(anna.id, title="Order", pipeline="p", stage="b")
        tx.deals.win(deal.id)
        tx.pipelines.define("p", stages=["a"])
        tx.deals.reopen(deal.id)
        assert [1] == [column.count for column in tx.deals.board(pipeline="p").columns]


def test_long_chains_of_conditions_stay_flat(crm: CRM, anna: Client) -> None:
    """A host's loop may add hundreds; what is endless or nested beyond reason is refused, on every storage alike."""
    chain = F.client.name.eq("Anna")
    for number in range(400):
        chain = chain | F.client.name.eq(str(number))
    endless = chain
    for number in range(3000):
        endless = endless | F.client.name.eq(str(number))
    deep = F.client.name.eq("Anna")
    for number in range(60):
        deep = (deep | F.client.name.eq(str(number))) & F.client.owner.is_empty()
    with crm.read() as tx:
        assert 1 == tx.clients.count(where=chain)
        with pytest.raises(Invalid, match="Use in_"):
            tx.clients.count(where=endless)
        with pytest.raises(Invalid, match="at most 50 deep"):
            tx.clients.count(where=deep)
    assert chain == from_json(to_json(chain))
    with pytest.raises(Invalid):
        from_json(to_json(deep))


def test_custom_money_is_asked_for_equality_only(clock: FrozenClock) -> None:
    """Amounts of several currencies have no order."""
    bonus = Field("client", "bonus", Money)
    with CRM.open("memory://", clock=clock, fields=[bonus]) as crm, crm.begin() as tx:
        tx.clients.add(name="Anna", custom=[bonus.to(Money(9, "RUB"))])
        assert 1 == tx.clients.count(where=bonus.eq(Money(9, "RUB")))
        for where in (bonus.lt(Money(10, "RUB")), bonus.starts_with("RUB")):
            with pytest.raises(Invalid, match="equality only"):
                tx.clients.count(where=where)


def test_values_are_frozen_down_to_their_custom_fields(crm: CRM) -> None:
    """Nothing reaches the store around a transaction."""
    with crm.begin() as tx:
        client = tx.clients.add(name="Anna", custom=[CARD.to("A")])
    with pytest.raises(TypeError):
        client.custom.raw["card"] = "B"  # type: ignore[index]
    retyped = Field("client", "card", int)
    with pytest.raises(Invalid, match="Define the field as it was"):
        client.custom[retyped]


def test_a_drivers_own_uuid_is_an_id(crm: CRM, anna: Client) -> None:
    """Some database drivers hand out a subclass."""

    class DriversUUID(UUID):
        pass

    with crm.begin() as tx:
        tx.notes.add(DriversUUID(str(anna.id)), text="x")  # type: ignore[arg-type]
    with crm.read() as tx:
        assert 1 == tx.notes.count(client_id=anna.id)


def test_a_clock_tells_aware_instants_and_all_is_kept_in_utc() -> None:
    """A clock elsewhere gives the same records; a naive one tells no instant."""
    clock = FrozenClock()
    clock.at = datetime(2026, 1, 1, 15, tzinfo=timezone(timedelta(hours=3)))
    crm = CRM(MemoryStorage(), clock=clock)
    with crm.begin() as tx:
        made = tx.clients.add(name="Anna").created_at
        assert (datetime(2026, 1, 1, 12, tzinfo=UTC), UTC) == (made, made.tzinfo)
    clock.at = datetime(2026, 1, 1)
    with pytest.raises(Invalid, match="clock"):
        crm.begin()


def test_functions_that_have_not_begun_when_the_transaction_ends_are_refused(crm: CRM) -> None:
    """Neither async nor generators."""

    async def later(_: Any) -> None:
        """Never awaited."""

    def slowly(_: Any) -> Any:
        yield 1

    for wrong in (later, slowly, 5):
        with pytest.raises(Invalid, match="fn"):
            crm.run(wrong)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="receiver"):
        crm.on(Event)(later)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="fn"):
        crm.run(lambda _: 10**5000, key="k")


def test_a_block_somebody_forgot_lets_go_of_the_write_lock(crm: CRM) -> None:
    """With its last reference."""
    entered = crm.begin()
    entered.__enter__().clients.add(name="Forgotten")
    del entered
    gc.collect()
    with crm.begin() as tx:
        assert 0 == tx.clients.count()


def test_the_primary_point_is_one_that_works(crm: CRM, anna: Client, topics: Topics) -> None:
    """When it reaches nobody the next takes its place, and says so; there is always one."""
    with crm.begin() as tx:
        first = tx.contact_points.list(client_id=anna.id)[0]
        second = tx.contact_points.add(anna.id, phone="+79120000009")
        topics()
        with pytest.raises(Invalid, match="primary"):
            tx.contact_points.update(first.id, primary=False)
        tx.contact_points.invalidate(first.id)
        assert [False, True] == [tx.contact_points.get(one.id).primary for one in (first, second)]
        tx.consents.grant(anna.id, purpose="service", channel="voice", basis="contract")
        assert "+79120000009" == tx.calls.dial(anna.id, purpose="service").match_key
    assert ["contact_point.invalidated", "contact_point.updated"] == topics()[1:3]


def test_junk_has_no_match_key(crm: CRM, anna: Client) -> None:
    """Else all junk would match."""
    with crm.begin() as tx:
        for given in ({"postal": ",;"}, {"messenger": "@@", "network": "telegram"}):
            wrong: dict[str, Any] = dict(given)
            with pytest.raises(Invalid):
                tx.contact_points.add(anna.id, **wrong)
