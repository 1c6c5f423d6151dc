"""Plugins may object to somebody being called or written to, and to nothing else than that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from crmkit import CRM, Client
from crmkit.errors import ContactRefused, CRMError, PluginFailure, Rejected
from crmkit.events import ClientAdded, ConsentGranted
from crmkit.plugins import ContactAttempt, EventContext, HookContext, Plugin, Veto, hookimpl, on
from crmkit.testing import FrozenClock
from crmkit.testing.kit import ChannelSink

PHONE = "+79123456789"


class Greeter(Plugin[None]):
    """Writes to whoever granted something, and keeps what came of it."""

    def __init__(self) -> None:
        super().__init__()
        self.met = list[CRMError | None]()

    @on(ConsentGranted, ClientAdded)
    def greet(self, ctx: EventContext, event: ConsentGranted | ClientAdded) -> None:
        try:
            ctx.contact(event.client_id, channel="sms", purpose="service", to=PHONE, text="Welcome")
            self.met.append(None)
        except CRMError as error:
            self.met.append(error)


class Seldom(Plugin[None]):
    """Objects to whoever has a note that says so; fails where it is told to."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.asked, self._fails = list[ContactAttempt](), fails

    @hookimpl
    def crm_check_contact_attempt(self, ctx: HookContext, attempts: Sequence[ContactAttempt]) -> Iterable[Veto]:
        self.asked += attempts
        if self._fails:
            raise OSError("no answer")
        return [Veto("often", "Once is enough.") for one in attempts if ctx.read.notes.count(client_id=one.client_id)]


def _anna(crm: CRM, *, noted: bool, granted: bool = True) -> Client:
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone=PHONE)
        if noted:
            tx.notes.add(anna.id, text="Leave her alone.")
        for channel in ("sms", "voice") if granted else ():
            tx.consents.grant(anna.id, purpose="service", channel=channel)
    return anna


def _opened(url: str, clock: FrozenClock, *plugins: Plugin[None]) -> tuple[CRM, ChannelSink]:
    sink = ChannelSink()
    return CRM.open(
        url, clock=clock, plugins=[*plugins, sink.plugin("sms")], delivery="inline", consent="permissive"
    ), sink


@pytest.mark.parametrize("noted", [True, False])
def test_an_objection_keeps_calls_and_messages_back(url: str, clock: FrozenClock, noted: bool) -> None:
    """The caller is told whose it is; without one both go out, each asked about by channel and purpose."""
    greeter, seldom = Greeter(), Seldom()
    crm, sink = _opened(url, clock, greeter, seldom)
    with crm:
        anna = _anna(crm, noted=noted)
        assert {Rejected if noted else type(None)} == {type(one) for one in greeter.met}
        assert (not noted) == bool(sink.messages)
        if noted:
            with pytest.raises(Rejected) as caught, crm.begin() as tx:
                tx.calls.dial(anna.id, purpose="service")
            assert [("often", "seldom")] == [(fault.code, fault.plugin) for fault in caught.value.faults]
        else:
            with crm.begin() as tx:
                assert "dialing" == tx.calls.dial(anna.id, purpose="service").state
        with crm.read() as tx:
            assert (0 if noted else 1) == tx.calls.count()
    assert ContactAttempt(anna.id, "voice", "service") == seldom.asked[-1]
    assert ContactAttempt(anna.id, "sms", "service") in seldom.asked


def test_a_guard_that_fails_is_no_yes(url: str, clock: FrozenClock) -> None:
    """A rule that cannot answer must not be got round by breaking it."""
    greeter = Greeter()
    crm, sink = _opened(url, clock, greeter, Seldom(fails=True))
    with crm:
        anna = _anna(crm, noted=False)
        assert {PluginFailure} == {type(one) for one in greeter.met}
        assert [] == sink.messages
        with pytest.raises(PluginFailure), crm.begin() as tx:
            tx.calls.dial(anna.id, purpose="service")


def test_a_clients_own_no_comes_first(url: str, clock: FrozenClock) -> None:
    """Nobody is asked about it, so nobody can have it otherwise."""
    greeter, seldom = Greeter(), Seldom()
    crm, sink = _opened(url, clock, greeter, seldom)
    with crm:
        anna = _anna(crm, noted=True, granted=False)
        assert [ContactRefused] == [type(one) for one in greeter.met]
        with pytest.raises(ContactRefused), crm.begin() as tx:
            tx.calls.dial(anna.id, purpose="service")
    assert ([], []) == (seldom.asked, sink.messages)
