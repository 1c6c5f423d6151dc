from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from crmkit import CRM, Client, Message
from crmkit.errors import Conflict, ContactRefused, Invalid, NotFound, Rejected
from crmkit.events import Event, MessageCancelled, MessageDeferred, MessageQueued, MessageRefused, MessageReported
from crmkit.plugins import ContactAttempt, HookContext, Plugin, Veto, hookimpl
from crmkit.testing import FrozenClock, new_id
from crmkit.testing.kit import ChannelSink

PHONE, TEXT = "+79123456789", "Your order is ready."


class Never(Plugin[None]):
    """Objects to everything."""

    @hookimpl
    def crm_check_contact_attempt(self, ctx: HookContext, attempts: Sequence[ContactAttempt]) -> list[Veto]:
        return [Veto("never", "Not today.") for _ in attempts]


@pytest.fixture
def sink() -> ChannelSink:
    return ChannelSink()


@pytest.fixture
def shop(url: str, clock: FrozenClock, sink: ChannelSink) -> Generator[CRM]:
    with CRM.open(
        url, clock=clock, region="RU", plugins=[sink.plugin("sms")], delivery="external", consent="permissive"
    ) as crm:
        yield crm


@pytest.fixture
def anna(shop: CRM) -> Client:
    return somebody(shop)


@pytest.fixture
def heard(shop: CRM) -> list[Event]:
    events = list[Event]()
    shop.on(Event)(events.append)
    return events


def somebody(crm: CRM) -> Client:
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone=PHONE, email="anna@example.org")
        tx.consents.grant(anna.id, purpose="service", channel="sms")
        return anna


def send(crm: CRM, client: Client, **given: Any) -> Message:
    said: dict[str, Any] = {"channel": "sms", "purpose": "service", "text": TEXT, **given}
    with crm.begin() as tx:
        return tx.messages.send(client.id, **said)


def test_a_message_that_may_go_waits_for_its_channel(shop: CRM, anna: Client, heard: list[Event]) -> None:
    """It keeps to whom it goes, what allowed it and under which rules; nothing has gone yet."""
    message = send(shop, anna, ref="order-17")
    with shop.read() as tx:
        (yes,) = tx.consents.list()
        assert message == tx.messages.get(message.id)
        assert ((), 0) == (tx.messages.attempts(message.id), tx.touchpoints.count())
    assert ("queued", "granted", "order-17") == (message.state, message.reason, message.ref)
    assert (PHONE, PHONE) == (message.to, message.endpoint)
    assert ((str(yes.id),), "permissive") == (message.evidence, message.policy)
    (event,) = heard
    assert isinstance(event, MessageQueued)
    assert (message.id, anna.id, "sms", "service", 1) == (
        event.message_id, event.client_id, event.channel, event.purpose, event.turn,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "reason"),
    [({"purpose": "marketing"}, "none"), ({"channel": "email"}, "no_channel"), ({"purpose": "odd"}, "unknown_purpose")],
)
def test_a_message_that_may_not_go_is_refused_and_says_why(
    shop: CRM, anna: Client, heard: list[Event], given: dict[str, str], reason: str
) -> None:
    """It is kept, so that somebody can be told; nobody is thrown at."""
    message = send(shop, anna, **given)
    assert ("refused", reason) == (message.state, message.reason)
    (event,) = heard
    assert isinstance(event, MessageRefused)
    assert (message.id, reason) == (event.message_id, event.reason)
    shop.relay.drain()
    with shop.read() as tx:
        assert (message, ()) == (tx.messages.get(message.id), tx.messages.attempts(message.id))


def test_a_refusal_that_must_not_be_writes_nothing(shop: CRM, anna: Client, heard: list[Event]) -> None:
    """With `required` the caller is thrown at; the transaction is theirs to go on with."""
    with shop.begin() as tx:
        with pytest.raises(ContactRefused, match="none"):
            tx.messages.send(anna.id, channel="sms", purpose="marketing", text=TEXT, required=True)
        assert 0 == tx.messages.count()
        assert "queued" == tx.messages.send(anna.id, channel="sms", purpose="service", text=TEXT, required=True).state
    assert [MessageQueued] == [type(one) for one in heard]


def test_nobody_is_written_to_without_an_address(shop: CRM, anna: Client) -> None:
    """What is known to be dead is none; the next that works is taken, the primary one first."""
    with shop.begin() as tx:
        (first,) = tx.contact_points.list(kind="phone")
        second = tx.contact_points.add(anna.id, phone="+79123456790")
        third = tx.contact_points.add(anna.id, phone="+79123456791", primary=True)
    taken = list[object]()
    for point in (third, first, second):
        taken.append(send(shop, anna).contact_point_id)
        with shop.begin() as tx:
            tx.contact_points.invalidate(point.id)
    assert [third.id, first.id, second.id] == taken
    assert ("refused", "no_address", None) == (
        (message := send(shop, anna)).state, message.reason, message.to,
    )  # fmt: skip


def test_an_address_may_be_chosen_or_spelled(shop: CRM, anna: Client) -> None:
    """The spelling is kept as it was given, beside the key of it."""
    with shop.begin() as tx:
        other = tx.contact_points.add(anna.id, phone="8 912 345-67-90")
    assert "+79123456790" == send(shop, anna, contact_point_id=other.id).endpoint
    spelled = send(shop, anna, to="8 912 345-67-91")
    assert ("8 912 345-67-91", "+79123456791", None) == (spelled.to, spelled.endpoint, spelled.contact_point_id)


def test_an_address_that_cannot_be_is_a_fault(shop: CRM, anna: Client) -> None:
    """Another's, one of another kind, one nobody can read, and two at once."""
    with shop.begin() as tx:
        bob = tx.clients.add(name="Bob", phone="+79123456799")
        theirs = tx.contact_points.list(client_id=bob.id)[0]
        email = tx.contact_points.list(client_id=anna.id, kind="email")[0]
    for given, path in [
        ({"contact_point_id": theirs.id}, "contact_point_id"),
        ({"contact_point_id": email.id}, "contact_point_id"),
        ({"contact_point_id": new_id()}, "contact_point_id"),
        ({"to": "anna@example.org"}, "to"),
        ({"to": PHONE, "contact_point_id": theirs.id}, "to"),
    ]:
        with pytest.raises(Invalid) as caught:
            send(shop, anna, **given)
        assert [path] == [fault.path for fault in caught.value.faults]


def test_what_is_wrong_is_told_at_once(shop: CRM, anna: Client) -> None:
    """Every mistake, by the name the caller used."""
    with pytest.raises(Invalid) as caught:
        send(shop, anna, channel="smoke", purpose="a b", text=" ", not_before="soon", required="yes", ref="")
    assert ["channel", "purpose", "text", "not_before", "required", "ref"] == [
        fault.path for fault in caught.value.faults
    ]


def test_a_plugins_objection_is_no_refusal_of_the_clients(url: str, clock: FrozenClock, sink: ChannelSink) -> None:
    """It is thrown, and nothing is written; a client's own no comes first."""
    with CRM.open(
        url, clock=clock, plugins=[sink.plugin("sms"), Never()], delivery="external", consent="permissive"
    ) as crm:
        anna = somebody(crm)
        with pytest.raises(Rejected) as caught:
            send(crm, anna)
        assert [("never", "never")] == [(fault.code, fault.plugin) for fault in caught.value.faults]
        assert ("refused", "none") == ((message := send(crm, anna, purpose="marketing")).state, message.reason)
        with crm.read() as tx:
            assert 1 == tx.messages.count()


def test_a_message_may_wait_for_its_time(
    shop: CRM, anna: Client, clock: FrozenClock, sink: ChannelSink, heard: list[Event]
) -> None:
    """Not a microsecond before, and then once; a time that has been is no wait."""
    at = clock.now() + timedelta(hours=1)
    message = send(shop, anna, not_before=at)
    assert ("deferred", at, "not_before") == (message.state, message.until, message.reason)
    (event,) = heard
    assert isinstance(event, MessageDeferred)
    assert (message.id, "not_before", at) == (event.message_id, event.reason, event.until)
    assert "queued" == send(shop, anna, not_before=clock.now(), text="Now").state
    clock.go_on(hours=1, microseconds=-1)
    shop.run_due()
    shop.relay.drain()
    assert ["Now"] == [one.text for one in sink.messages]
    clock.go_on(microseconds=1, seconds=1)
    for _ in range(2):
        shop.run_due()
        shop.relay.drain()
    assert ["Now", TEXT] == [one.text for one in sink.messages]
    with shop.read() as tx:
        assert ("sent", None) == ((sent := tx.messages.get(message.id)).state, sent.until)


@pytest.mark.parametrize("deferred", [True, False])
def test_what_waits_can_be_called_off(
    shop: CRM, anna: Client, clock: FrozenClock, sink: ChannelSink, heard: list[Event], deferred: bool
) -> None:
    """Once; saying so again changes nothing."""
    message = send(shop, anna, not_before=clock.now() + timedelta(hours=1) if deferred else None)
    for _ in range(2):
        with shop.begin() as tx:
            assert ("cancelled", None) == ((gone := tx.messages.cancel(message.id)).state, gone.until)
    clock.go_on(hours=2)
    shop.run_due()
    shop.relay.drain()
    assert [] == sink.messages
    assert [(message.id, "cancelled")] == [
        (one.message_id, one.reason) for one in heard if isinstance(one, MessageCancelled)
    ]


def test_what_has_gone_cannot_be_called_off(shop: CRM, anna: Client) -> None:
    """Nor what was changed since it was looked at."""
    message = send(shop, anna)
    with pytest.raises(Conflict), shop.begin() as tx:
        tx.messages.cancel(message.id, version=message.version + 1)
    shop.relay.drain()
    with pytest.raises(Invalid, match="sent") as caught, shop.begin() as tx:
        tx.messages.cancel(message.id)
    assert ["not_waiting"] == [fault.code for fault in caught.value.faults]


def test_a_message_that_went_leaves_one_touchpoint(shop: CRM, anna: Client) -> None:
    """Of its channel, outbound; whatever is reported of it later leaves no second one."""
    message = send(shop, anna)
    shop.relay.drain()
    with shop.begin() as tx:
        sent = tx.messages.get(message.id)
        (touch,) = tx.touchpoints.list()
        tx.messages.report(message.id, state="delivered")
        assert (sent.touchpoint_id, "sms", "outbound", anna.id) == (
            touch.id, touch.channel, touch.direction, touch.client_id,
        )  # fmt: skip
        assert ("sent", "sink-1") == (sent.state, sent.reference)
        assert 1 == tx.touchpoints.count()


def test_a_provider_says_what_became_of_it(shop: CRM, anna: Client, heard: list[Event]) -> None:
    """As often as it likes: what was said before changes nothing. Of what never went nothing can be said."""
    message = send(shop, anna)
    with pytest.raises(Invalid) as caught, shop.begin() as tx:
        tx.messages.report(message.id, state="delivered")
    assert ["not_sent"] == [fault.code for fault in caught.value.faults]
    shop.relay.drain()
    for _ in range(2):
        with shop.begin() as tx:
            tx.messages.report(message.id, state="bounced", reason="mailbox_full")
    assert [(message.id, "bounced", "mailbox_full")] == [
        (one.message_id, one.state, one.reason) for one in heard if isinstance(one, MessageReported)
    ]


def test_messages_are_listed_by_what_they_are(shop: CRM, anna: Client) -> None:
    """By client, channel, purpose, state and the caller's own reference."""
    queued, refused = send(shop, anna, ref="a"), send(shop, anna, purpose="marketing")
    with shop.read() as tx:
        assert [queued] == list(tx.messages.list(ref="a")) == list(tx.messages.stream(state="queued"))
        assert [refused] == list(tx.messages.list(purpose="marketing", client_id=anna.id, channel="sms"))
        assert [refused, queued] == list(tx.messages.list(order_by="-created_at"))
        assert 1 == tx.messages.count(state="refused")
        with pytest.raises(NotFound):
            tx.messages.attempts(new_id())


def test_messages_and_attempts_go_with_their_client_when_two_become_one(
    shop: CRM, anna: Client, sink: ChannelSink
) -> None:
    """An attempt stays its subject's; the next of the survivor counts on from the survivor's own."""
    message, waiting = send(shop, anna), None
    shop.relay.drain()
    with shop.begin() as tx:
        bob = tx.clients.add(name="Bob")
        waiting = tx.messages.send(anna.id, channel="sms", purpose="service", text="Second")
        tx.clients.merge(anna.id, into=bob.id)
    shop.relay.drain()
    with shop.read() as tx:
        assert 2 == tx.messages.count(client_id=bob.id)
        (first,), (second,) = tx.messages.attempts(message.id), tx.messages.attempts(waiting.id)
        assert [(bob.id, anna.id, 2), (bob.id, bob.id, 1)] == [
            (one.client_id, one.orig_subject, one.seq) for one in (first, second)
        ]
    assert 2 == len(sink.messages)


def test_consents_and_attempts_are_counted_together(shop: CRM, anna: Client) -> None:
    """What stands behind a no was decided in sight of it."""
    message = send(shop, anna)
    shop.relay.drain()
    with shop.begin() as tx:
        assert 2 == tx.consents.watermark(anna.id)
        no = tx.consents.withdraw(anna.id)
        (attempt,) = tx.messages.attempts(message.id)
    assert (2, 3) == (attempt.seq, no.seq)
