"""What clients write back, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmkit import CRM, Client
from crmkit.testing import ChannelSink, FrozenClock, MakeCRM, RelayDriver


@pytest.fixture
def crm(make_crm: MakeCRM, channel_sink: ChannelSink) -> Iterator[CRM]:
    with make_crm(channel_sink.plugin("sms")) as crm:
        yield crm


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="8 912 345-67-89", owner="17")
        for purpose in ("marketing", "service"):
            tx.consents.grant(anna.id, purpose=purpose, channel="sms")
        return anna


def _send(crm: CRM, anna: Client, text: str = "Hello") -> str:
    with crm.begin() as tx:
        return tx.messages.send(anna.id, channel="sms", purpose="service", text=text).state


@pytest.mark.parametrize("text", ["STOP", "Стоп!", "отпишите меня, пожалуйста", "unsubscribe"])
def test_a_stop_holds_at_once(crm: CRM, anna: Client, channel_sink: ChannelSink, relay: RelayDriver, text: str) -> None:
    """For what waits already, too; the words themselves are the evidence."""
    assert "queued" == _send(crm, anna)
    with crm.begin() as tx:
        message = tx.messages.receive(channel="sms", sender="+7 912 345 67 89", text=text)
        assert message is not None
        assert ("received", "stop", anna.id) == (message.state, message.reason, message.client_id)
        (no,) = tx.consents.list(kind="withdraw")
        assert ("*", "sms", "+79123456789", text) == (no.purpose, no.channel, no.endpoint, no.evidence.note)
    relay.drain()
    assert [] == channel_sink.messages
    assert "refused" == _send(crm, anna)
    with crm.read() as tx:
        assert {"refused", "cancelled_consent", "received"} == {one.state for one in tx.messages.list()}
        assert ["inbound"] == [one.direction for one in tx.touchpoints.list(client_id=anna.id)]


def test_what_may_mean_stop_is_asked_of_a_person_and_nothing_goes_meanwhile(
    crm: CRM, anna: Client, channel_sink: ChannelSink, relay: RelayDriver, clock: FrozenClock
) -> None:
    """The task is the owner's; once it is done, what waited goes."""
    assert "queued" == _send(crm, anna, "One")
    with crm.begin() as tx:
        message = tx.messages.receive(channel="sms", sender="+79123456789", text="Stop by the office tomorrow?")
        assert message is not None
        assert "ambiguous" == message.reason
        (task,) = tx.tasks.agenda()
        assert ("unclear_reply", "17", anna.id) == (task.rule, task.assignee, task.client_id)
    relay.drain()
    assert [] == channel_sink.messages
    with crm.begin() as tx:
        late = tx.messages.send(anna.id, channel="sms", purpose="service", text="Two")
        assert ("deferred", "unclear_reply") == (late.state, late.reason)
        tx.tasks.complete(task.id)
        assert tx.consents.may_contact(anna.id, purpose="service", channel="sms").allowed
    clock.go_on(days=1)
    crm.run_due()
    relay.drain()
    assert ["One", "Two"] == sorted(one.text for one in channel_sink.messages)


def test_any_other_reply_is_kept_and_changes_nothing(crm: CRM, anna: Client) -> None:
    """Told twice, it is one."""
    with crm.begin() as tx:
        told = [
            tx.messages.receive(
                channel="sms", sender="+79123456789", text="Thank you", origin="gateway", external_id="1"
            )
            for _ in range(2)
        ]
        assert told[0] is not None
        assert told[0] == told[1]
        assert ("other", "Thank you") == (told[0].reason, told[0].text)
        assert 1 == tx.touchpoints.count(client_id=anna.id)
        assert 0 == tx.tasks.count()
        assert 0 == tx.consents.count(kind="withdraw")
    assert "queued" == _send(crm, anna)


def test_a_stop_from_an_address_that_is_nobodys_is_kept_for_whoever_will_have_it(crm: CRM, anna: Client) -> None:
    """On the suppression list; and it leaves a touchpoint of nobody."""
    with crm.begin() as tx:
        for number in ("one", "two"):
            assert tx.messages.receive(channel="sms", sender="+79120000001", text="stop", external_id=number) is None
        assert tx.messages.receive(channel="sms", sender="no number", text="stop") is None
        assert 3 == tx.touchpoints.count(client_id=None)
        bob = tx.clients.add(name="Bob", phone="8 912 000-00-01")
        tx.consents.grant(bob.id, purpose="marketing", channel="sms")
        assert "suppression_list" == tx.consents.may_contact(bob.id, purpose="marketing", channel="sms").reason


def test_a_stop_from_an_address_of_several_holds_for_each_of_them(crm: CRM, anna: Client) -> None:
    """A family's telephone: nobody knows who of them wrote."""
    with crm.begin() as tx:
        ben = tx.clients.add(name="Ben", phone="+79123456789")
        tx.consents.grant(ben.id, purpose="marketing", channel="sms")
        tx.messages.receive(channel="sms", sender="+79123456789", text="STOP")
        for one in (anna, ben):
            assert "withdraw" == tx.consents.may_contact(one.id, purpose="marketing", channel="sms").reason


def test_a_stop_on_one_messenger_holds_however_that_account_is_named(crm: CRM) -> None:
    """By its network, or as a messenger."""
    with crm.begin() as tx:
        eva = tx.clients.add(name="Eva")
        tx.contact_points.add(eva.id, messenger="@eva", network="telegram")
        for channel in ("messenger", "messenger:telegram"):
            tx.consents.grant(eva.id, purpose="service", channel=channel)
            assert tx.consents.may_contact(eva.id, purpose="service", channel=channel).allowed
        assert tx.messages.receive(channel="messenger:telegram", sender="@eva", text="STOP") is not None
        for channel in ("messenger", "messenger:telegram"):
            assert "withdraw" == tx.consents.may_contact(eva.id, purpose="service", channel=channel).reason
        tx.consents.suppress(None, channel="messenger:telegram", endpoint="@fay")
        fay = tx.clients.add(name="Fay")
        tx.contact_points.add(fay.id, messenger="@fay", network="telegram")
        tx.consents.grant(fay.id, purpose="marketing", channel="messenger")
        assert "suppression_list" == tx.consents.may_contact(fay.id, purpose="marketing", channel="messenger").reason


def test_whoever_shares_an_address_waits_for_what_an_unclear_reply_means(crm: CRM, anna: Client) -> None:
    """A task for each of them; and one of nobody for a stop from an address that cannot be read."""
    with crm.begin() as tx:
        ben = tx.clients.add(name="Ben", phone="+79123456789")
        tx.consents.grant(ben.id, purpose="service", channel="sms")
        tx.messages.receive(channel="sms", sender="+79123456789", text="stop by tomorrow?")
        for one in (anna, ben):
            assert "unclear_reply" == tx.consents.may_contact(one.id, purpose="service", channel="sms").reason
        assert 2 == tx.tasks.count()
        assert tx.messages.receive(channel="email", sender="Anna <a@example.org>", text="STOP") is None
        assert 1 == tx.tasks.count(client_id=None)


def test_ids_of_two_channels_are_not_mixed_up(crm: CRM, anna: Client) -> None:
    """Each gateway counts from one."""
    with crm.begin() as tx:
        tx.contact_points.add(anna.id, email="anna@example.org")
        tx.consents.grant(anna.id, purpose="service", channel="email")
        tx.messages.receive(channel="sms", sender="+79123456789", text="hello", external_id="1")
        tx.messages.receive(channel="email", sender="anna@example.org", text="STOP", external_id="1")
        assert "withdraw" == tx.consents.may_contact(anna.id, purpose="service", channel="email").reason
