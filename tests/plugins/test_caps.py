"""Places of caps: taken when a message goes, given back if it did not."""

from __future__ import annotations

from datetime import timedelta

import attrs

from crmkit import CRM
from crmkit.consent import PERMISSIVE, Cap
from crmkit.testing import ChannelSink, FrozenClock, MakeCRM, RelayDriver

ONE_A_DAY = attrs.evolve(PERMISSIVE, caps=(Cap(1, timedelta(days=1), "sms"),))


def _states(crm: CRM) -> list[tuple[str, str | None]]:
    with crm.read() as tx:
        return [(one.state, one.reason) for one in tx.messages.list()]


def test_one_goes_and_the_next_waits_for_its_day(
    make_crm: MakeCRM, channel_sink: ChannelSink, relay: RelayDriver, clock: FrozenClock
) -> None:
    """What is owed to a customer is not counted."""
    crm = make_crm(channel_sink.plugin("sms"), consent=ONE_A_DAY)
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="+79123456789")
        for purpose in ("marketing", "service"):
            tx.consents.grant(anna.id, purpose=purpose, channel="sms")
        tx.messages.send(anna.id, channel="sms", purpose="marketing", text="One")
    relay.drain()
    clock.go_on(hours=1)
    with crm.begin() as tx:
        second = tx.messages.send(anna.id, channel="sms", purpose="marketing", text="Two")
        assert ("deferred", "frequency_cap") == (second.state, second.reason)
        assert clock.now() + timedelta(hours=23) == second.until
        assert "queued" == tx.messages.send(anna.id, channel="sms", purpose="service", text="Ready").state
    relay.drain()
    assert ["One", "Ready"] == [one.text for one in channel_sink.messages]
    clock.go_on(hours=23)
    crm.run_due()
    relay.drain()
    assert ["One", "Ready", "Two"] == [one.text for one in channel_sink.messages]


def test_what_was_not_taken_takes_no_place(
    make_crm: MakeCRM, channel_sink: ChannelSink, relay: RelayDriver, clock: FrozenClock
) -> None:
    """A provider that could not is asked again, and the message does not stand in its own way."""
    crm = make_crm(channel_sink.plugin("sms"), consent=ONE_A_DAY)
    channel_sink.fail(2)
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="+79123456789")
        tx.consents.grant(anna.id, purpose="marketing", channel="sms")
        tx.messages.send(anna.id, channel="sms", purpose="marketing", text="One")
    for _ in range(4):
        relay.drain()
        clock.go_on(minutes=1)
    assert [("sent", "granted")] == _states(crm)
