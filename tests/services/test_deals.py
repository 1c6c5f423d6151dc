from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from crmkit import CRM, Client, Field, Money
from crmkit.errors import Conflict, Invalid
from crmkit.events import DealMoved, DealWon, Event
from crmkit.testing import FrozenClock

MARGIN = Field("deal", "margin", Decimal)


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        return tx.clients.add(name="Anna", owner="17")


def test_a_web_order_becomes_a_won_deal_a_purchase_and_an_outcome(
    crm: CRM, anna: Client, topics: Callable[[], list[str]]
) -> None:
    """The fifteen lines of the tutorial."""
    with crm.begin() as tx:
        deal = tx.deals.open(anna.id, title="Web order", amount=Money("10.50", "RUB"))
        won = tx.deals.win(deal.id)
    assert ("won", "17", "sales", "new") == (won.status, won.owner, won.pipeline, won.stage)
    assert ["deal.opened", "purchase.recorded", "client.activated", "deal.won"] == topics()
    with crm.read() as tx:
        (purchase,) = tx.purchases.list(client_id=anna.id)
        assert (deal.id, Money("10.50", "RUB")) == (purchase.deal_id, purchase.amount)
        (outcome,) = tx.outcomes.since(anna.created_at)
        assert (anna.id, frozenset({"bought"})) == (outcome.client_id, outcome.reasons)
        assert "active" == tx.clients.get(anna.id).lifecycle


def test_each_stage_is_stored_with_how_long_it_took(
    crm: CRM, anna: Client, clock: FrozenClock, heard: list[Event]
) -> None:
    """From, to, when, for how long, by whom."""
    with crm.bind(actor="17").begin() as tx:
        deal = tx.deals.open(anna.id, title="Order")
    clock.go_on(hours=2)
    with crm.bind(actor="4").begin() as tx:
        tx.deals.move(deal.id, to="offer")
    clock.go_on(days=1)
    with crm.begin() as tx:
        tx.deals.lose(deal.id, reason="price", competitor="Cheap & Co")
        steps = tx.deals.history(deal.id)
    assert [
        ("opened", None, "new", 0, "17"),
        ("moved", "new", "offer", 7200, "4"),
        ("lost", "offer", "offer", 86400, None),
    ] == [(step.kind, step.from_stage, step.to_stage, step.seconds, step.actor) for step in steps]
    assert [7200] == [event.seconds for event in heard if isinstance(event, DealMoved)]


def test_reopening_keeps_both_outcomes(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """The time it was closed counts for no stage."""
    with crm.begin() as tx:
        deal = tx.deals.open(anna.id, title="Order", stage="offer")
        lost = tx.deals.lose(deal.id, reason="price", competitor="Cheap & Co")
    clock.go_on(days=30)
    with crm.begin() as tx:
        reopened = tx.deals.reopen(deal.id)
    clock.go_on(hours=1)
    with crm.begin() as tx:
        tx.deals.win(deal.id)
        told = [(step.kind, step.seconds, step.reason) for step in tx.deals.history(deal.id)]
        fell_through = tx.clients.get(anna.id).last_fell_through_at
    assert [("opened", 0, None), ("lost", 0, "price"), ("reopened", 0, None), ("won", 3600, None)] == told
    assert ("price", "Cheap & Co") == (lost.lost_reason, lost.competitor)
    assert ("open", "offer", None, None) == (
        reopened.status, reopened.stage, reopened.lost_reason, reopened.closed_at
    )  # fmt: skip
    assert lost.closed_at == fell_through


def test_a_closed_deal_refuses_every_verb_that_needs_an_open_one(crm: CRM, anna: Client) -> None:
    """And says what to do instead; nothing is written."""
    with crm.begin() as tx:
        deal = tx.deals.open(anna.id, title="Order", amount=Money(1, "EUR"))
        closed = tx.deals.lose(deal.id, reason="price")
        refusals: list[Callable[[], object]] = [
            lambda: tx.deals.move(deal.id, to="offer"),
            lambda: tx.deals.win(deal.id),
            lambda: tx.deals.lose(deal.id, reason="again"),
            lambda: tx.deals.cancel(deal.id),
            lambda: tx.deals.update(deal.id, amount=Money(2, "EUR")),
        ]
        for refused in refusals:
            with pytest.raises(Invalid, match=r"[Rr]eopen it"):
                refused()
        assert closed == tx.deals.get(deal.id)
        assert (0, 2) == (tx.purchases.count(), len(tx.deals.history(deal.id)))


def test_winning_may_link_a_purchase_that_exists(crm: CRM, anna: Client, heard: list[Event]) -> None:
    """Of the same client, and of no other deal."""
    with crm.begin() as tx:
        other = tx.clients.add(name="Bob")
        theirs = tx.purchases.record(other.id, amount=Money(1, "EUR"))
        bought = tx.purchases.record(anna.id, amount=Money(7, "EUR"))
        deal, second = tx.deals.open(anna.id, title="One"), tx.deals.open(anna.id, title="Two")
        with pytest.raises(Invalid, match="purchase"):
            tx.deals.win(deal.id, purchase=theirs.id)
        tx.deals.win(deal.id, purchase=bought.id)
        with pytest.raises(Invalid, match="another deal"):
            tx.deals.win(second.id, purchase=bought.id)
        assert (deal.id, 1) == (tx.purchases.get(bought.id).deal_id, tx.purchases.count(client_id=anna.id))
        assert "open" == tx.deals.get(second.id).status
    assert [bought.id] == [event.purchase_id for event in heard if isinstance(event, DealWon)]


def test_a_cancelled_deal_is_no_outcome(crm: CRM, anna: Client) -> None:
    """Opened by mistake is not fallen through."""
    with crm.begin() as tx:
        deal = tx.deals.open(anna.id, title="Order")
        tx.deals.cancel(deal.id, reason="double")
        assert () == tx.outcomes.since(anna.created_at)


def test_stages_belong_to_their_pipeline(crm: CRM, anna: Client) -> None:
    """A move to another pipeline names the stage there."""
    with crm.begin() as tx:
        tx.pipelines.define("repairs", stages=["brought", "repaired"])
        deal = tx.deals.open(anna.id, title="Order")
        with pytest.raises(Invalid, match="new, qualified"):
            tx.deals.move(deal.id, to="repaired")
        with pytest.raises(Invalid, match="pipeline"):
            tx.deals.open(anna.id, title="Order", pipeline="nowhere")
        moved = tx.deals.move(deal.id, to="repaired", pipeline="repairs")
    assert ("repairs", "repaired") == (moved.pipeline, moved.stage)


def test_the_board_holds_open_deals_by_stage(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """The longest standing first, the count of all, one owner's if asked."""
    with crm.begin() as tx:
        first = tx.deals.open(anna.id, title="1")
        clock.go_on(hours=1)
    with crm.begin() as tx:
        second = tx.deals.open(anna.id, title="2", owner="4")
        tx.deals.win(tx.deals.open(anna.id, title="3").id)
        offered = tx.deals.open(anna.id, title="4", stage="offer")
        board = tx.deals.board(limit=1)
        assert [("new", 2, (first.id,)), ("qualified", 0, ()), ("offer", 1, (offered.id,)), ("negotiation", 0, ())] == [
            (column.stage.key, column.count, tuple(deal.id for deal in column.deals)) for column in board.columns
        ]
        (mine,) = [column for column in tx.deals.board(owner="4").columns if column.count]
        assert (second,) == mine.deals


def test_a_deal_has_custom_fields_and_an_owner_of_its_own(crm: CRM, anna: Client) -> None:
    """Fields of clients are no fields of deals."""
    with crm.begin() as tx:
        deal = tx.deals.open(anna.id, title="Order", custom=[MARGIN.to(Decimal("0.25"))])
        tx.deals.open(anna.id, title="Other", custom=[MARGIN.to(Decimal("0.1"))])
        assert [deal.id] == [one.id for one in tx.deals.list(where=MARGIN.gt(Decimal("0.2")))]
        assert "4" == tx.deals.assign(deal.id, owner="4").owner
        with pytest.raises(Invalid, match=r"custom\.card"):
            tx.deals.open(anna.id, title="Order", custom=[Field("client", "card", str).to("x")])
        with pytest.raises(Invalid, match="custom"):
            tx.clients.list(where=MARGIN.gt(Decimal("0.2")))


def test_two_who_move_one_deal_meet_in_a_conflict(crm: CRM, anna: Client) -> None:
    """Who states the version seen earlier is told."""
    with crm.begin() as tx:
        deal = tx.deals.open(anna.id, title="Order")
        tx.deals.move(deal.id, to="offer", version=1)
    with pytest.raises(Conflict), crm.begin() as tx:
        tx.deals.move(deal.id, to="negotiation", version=1)


def test_a_cancelled_deal_is_closed_then_and_its_history_says_why(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """As every other end."""
    with crm.begin() as tx:
        deal = tx.deals.open(anna.id, title="Order")
    clock.go_on(hours=1)
    with crm.begin() as tx:
        cancelled = tx.deals.cancel(deal.id, reason="double")
        assert ("cancelled", clock.now()) == (cancelled.status, cancelled.closed_at)
        last = tx.deals.history(deal.id)[-1]
        assert ("cancelled", "new", "new", 3600, "double") == (
            last.kind, last.from_stage, last.to_stage, last.seconds, last.reason,
        )  # fmt: skip
