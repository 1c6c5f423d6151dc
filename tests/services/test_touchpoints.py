from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmkit import CRM, Client, Money
from crmkit.errors import Invalid, NotFound
from crmkit.events import Event, TouchpointRecorded
from crmkit.testing import FrozenClock


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        return tx.clients.add(name="Anna")


def test_a_touchpoint_keeps_channel_direction_cost_and_outcome(crm: CRM, anna: Client) -> None:
    """Read back equal; the client is last touched then."""
    with crm.bind(actor="17").begin() as tx:
        made = tx.touchpoints.record(
            anna.id, channel="meeting", direction="outbound", outcome="liked_it", summary="Две строки\nо ёлках",
            cost=Money("12.50", "EUR"), minutes=45,
        )  # fmt: skip
    with crm.read() as tx:
        assert made == tx.touchpoints.get(made.id)
        assert ("company", "17") == (made.initiator, made.actor)
        assert made.occurred_at == tx.clients.get(anna.id).last_touched_at


def test_a_reply_keeps_who_began(crm: CRM, anna: Client) -> None:
    """Unless told, what comes in was begun by the client."""
    with crm.begin() as tx:
        ours = tx.touchpoints.record(anna.id, channel="email", direction="outbound")
        reply = tx.touchpoints.record(anna.id, channel="email", direction="inbound", reply_to=ours.id)
        fresh = tx.touchpoints.record(anna.id, channel="email", direction="inbound")
        told = tx.touchpoints.record(anna.id, channel="visit", direction="inbound", initiator="company")
    assert ["company", "client", "company"] == [one.initiator for one in (reply, fresh, told)]


def test_a_provider_that_delivers_twice_is_recorded_once(crm: CRM, anna: Client, heard: list[Event]) -> None:
    """By origin and external id; without one nothing ever clashes."""
    with crm.begin() as tx:
        made = [
            tx.touchpoints.record(anna.id, channel="sms", direction="inbound", origin="pbx", external_id=external_id)
            for external_id in ("1", "1", None, None)
        ]
    assert made[0] == made[1]
    assert 3 == len([event for event in heard if isinstance(event, TouchpointRecorded)])


def test_the_timeline_is_newest_first_page_by_page(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """Of one instant the later recorded comes first; every touchpoint once."""
    with crm.begin() as tx:
        for minutes in (5, 1, 3, 3, 2):
            tx.touchpoints.record(
                anna.id, channel="call", direction="inbound", at=clock.now() - timedelta(minutes=minutes)
            )
    with crm.read() as tx:
        first = tx.touchpoints.timeline(anna.id, limit=2)
        second = tx.touchpoints.timeline(anna.id, limit=2, after=first.next)
        third = tx.touchpoints.timeline(anna.id, limit=2, after=second.next)
        ages = [round((clock.now() - one.occurred_at).total_seconds() / 60) for one in (*first, *second, *third)]
        assert ([1, 2, 3, 3, 5], None) == (ages, third.next)
        assert second[0].id > second[1].id if ages[2] == ages[3] else True
        ids = [one.id for one in (*first, *second, *third)]
        assert ids[2] > ids[3]


def test_somebody_unknown_is_recorded_without_a_client(crm: CRM) -> None:
    """And found by that."""
    with crm.begin() as tx:
        made = tx.touchpoints.record(None, channel="call", direction="inbound")
        assert [made] == list(tx.touchpoints.list(client_id=None))


def test_links_lead_to_the_same_client(crm: CRM, anna: Client) -> None:
    """A deal or contact of another is Invalid; an unknown client is not found; a reply needs what it answers."""
    with crm.begin() as tx:
        other = tx.clients.add(name="Bob")
        deal, contact = tx.deals.open(other.id, title="Order"), tx.contacts.add(other.id, name="Boss")
        wrong: list[dict[str, Any]] = [{"deal_id": deal.id}, {"contact_id": contact.id}, {"reply_to": deal.id}]
        for given in wrong:
            with pytest.raises(Invalid, match=next(iter(given))):
                tx.touchpoints.record(anna.id, channel="call", direction="inbound", **given)
        with pytest.raises(NotFound):
            tx.touchpoints.record(deal.id, channel="call", direction="inbound")  # type: ignore[arg-type]
        assert 0 == tx.touchpoints.count()


def test_a_journey_ends_at_the_latest_payment_and_flags_gaps(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """First contact to payment, oldest first."""
    with crm.begin() as tx:
        for days, channel in ((100, "web_form"), (99, "call"), (40, "email"), (1, "call")):
            at = clock.now() - timedelta(days=days)
            tx.touchpoints.record(anna.id, channel=channel, direction="inbound", at=at)  # type: ignore[arg-type]
        assert (4, False) == (len(tx.touchpoints.journey(anna.id).steps), tx.touchpoints.journey(anna.id).paid)
        tx.purchases.record(anna.id, amount=Money(1, "EUR"), at=clock.now() - timedelta(days=39))
        journey = tx.touchpoints.journey(anna.id)
    assert [("web_form", False), ("call", False), ("email", True), ("purchase", False)] == [
        (step.what, step.gap) for step in journey.steps
    ]
    assert (True, timedelta(days=59)) == (journey.paid, journey.steps[2].waited)


def test_a_window_of_touchpoints_includes_its_start_only(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """Half-open, as months are; in lists, counts and streams alike."""
    with crm.begin() as tx:
        for days in (0, 1, 2, 3):
            at = clock.now() - timedelta(days=days)
            tx.touchpoints.record(anna.id, channel="call", direction="inbound", summary=f"{days}", at=at)
        window: Any = {"since": clock.now() - timedelta(days=2), "before": clock.now()}
        assert {"1", "2"} == {one.summary for one in tx.touchpoints.list(**window)}
        assert {"1", "2"} == {one.summary for one in tx.touchpoints.stream(**window)}
        assert (2, 3, 3) == (
            tx.touchpoints.count(**window), tx.touchpoints.count(since=window["since"]),
            tx.touchpoints.count(before=window["before"]),
        )  # fmt: skip
