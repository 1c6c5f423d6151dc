"""C1, R4: nothing goes out but by a permit, and nothing goes twice that must not."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Literal

import pytest

from crmkit import CRM, Client, Decision, Message
from crmkit.errors import ContactRefused, Drop, Retry
from crmkit.events import (
    ClientUpdated,
    Event,
    MessageCancelled,
    MessageDeferred,
    MessageFailed,
    MessageHeld,
    MessageQueued,
    MessageSent,
)
from crmkit.plugins import (
    Channel,
    ContactAttempt,
    EventContext,
    HookContext,
    Outgoing,
    Permit,
    Plugin,
    Receipt,
    Veto,
    hookimpl,
    on,
)
from crmkit.plugins.delivery.subscriber import Attempt
from crmkit.services import messages, sending
from crmkit.testing import FrozenClock, a_permit

PHONE, TEXT = "+79123456789", "Your order is ready."
SUBSCRIBER = "provider.channel:sms"


class Provider(Plugin[None]):
    """Takes messages, as it is told to; whoever it dies on has died for good."""

    def __init__(self, unknown: Literal["retry", "hold"] = "hold") -> None:
        super().__init__()
        self.unknown: Literal["retry", "hold"] = unknown
        self.taken = list[tuple[str, Outgoing]]()
        self.permits = list[Permit]()
        self.instead: Callable[[Permit], Receipt] | None = None
        #: What happens before it takes a message, and after.
        self.before, self.after = list[BaseException | Callable[[], object]](), list[BaseException]()

    def first(self, *what: BaseException | Callable[[], object]) -> None:
        """Do this before the next permits are redeemed."""
        self.before += what

    def then(self, *what: BaseException) -> None:
        """Raise this after the next ones were."""
        self.after += what

    @hookimpl
    def crm_register_channels(self) -> Iterable[Channel]:
        return [Channel("sms", ("phone",), self.send, self.unknown)]

    def send(self, permit: Permit, key: str) -> Receipt:
        self.permits.append(permit)
        if self.instead is not None:
            return self.instead(permit)
        if self.before:
            first = self.before.pop(0)
            if isinstance(first, BaseException):
                raise first
            first()
        self.taken.append((key, permit.redeem()))
        if self.after:
            raise self.after.pop(0)
        return Receipt(f"p-{len(self.taken)}")


class Moody(Plugin[None]):
    """Objects, or not."""

    def __init__(self) -> None:
        super().__init__()
        self.objects = False

    @hookimpl
    def crm_check_contact_attempt(self, ctx: HookContext, attempts: Sequence[ContactAttempt]) -> list[Veto]:
        return [Veto("late", "They sleep.") for _ in attempts if self.objects]


class Shop:
    """A CRM with one channel and one client, and what became of what it sends."""

    def __init__(self, url: str, clock: FrozenClock, *others: Plugin[None], unknown: Literal["retry", "hold"]) -> None:
        self.clock, self.provider, self.heard = clock, Provider(unknown), list[Event]()
        self.crm = CRM.open(
            url, clock=clock, plugins=[self.provider, *others], delivery="external", consent="permissive"
        )
        self.crm.on(Event)(self.heard.append)
        with self.crm.begin() as tx:
            self.anna: Client = tx.clients.add(name="Anna", phone=PHONE)
            tx.consents.grant(self.anna.id, purpose="service", channel="sms")

    def send(self) -> Message:
        with self.crm.begin() as tx:
            return tx.messages.send(self.anna.id, channel="sms", purpose="service", text=TEXT)

    def now(self, message: Message) -> tuple[str, list[str | None]]:
        """The state of a message, and what came of each attempt."""
        with self.crm.read() as tx:
            return tx.messages.get(message.id).state, [one.outcome for one in tx.messages.attempts(message.id)]

    def later(self) -> None:
        """Long enough for whatever waits."""
        self.clock.go_on(hours=1)
        self.crm.relay.drain()

    def told(self, kind: type[Event]) -> int:
        return sum(isinstance(one, kind) for one in self.heard)


@pytest.fixture
def shop(url: str, clock: FrozenClock) -> Iterable[Shop]:
    shop = Shop(url, clock, unknown="hold")
    with shop.crm:
        yield shop


@pytest.fixture
def emails(url: str, clock: FrozenClock) -> Iterable[Shop]:
    """Whose provider tells a repetition by its key."""
    shop = Shop(url, clock, unknown="retry")
    with shop.crm:
        yield shop


def test_a_message_goes_by_a_permit(shop: Shop) -> None:
    """Its attempt stands written down, with what allowed it, before the channel is asked."""
    seen = list[tuple[str, list[str | None]]]()
    shop.provider.first(lambda: seen.append(shop.now(message)))
    message = shop.send()
    shop.crm.relay.drain()
    assert [("sending", [None])] == seen
    assert ("sent", ["sent"]) == shop.now(message)
    assert [(str(message.id), Outgoing(shop.anna.id, PHONE, TEXT))] == shop.provider.taken
    with shop.crm.read() as tx:
        (attempt,) = tx.messages.attempts(message.id)
        (yes,) = tx.consents.list()
    assert (shop.anna.id, 2, "granted", (str(yes.id),), "permissive") == (
        attempt.orig_subject, attempt.seq, attempt.reason, attempt.evidence, attempt.policy,
    )  # fmt: skip
    assert timedelta(seconds=5) == attempt.expires_at - attempt.at
    assert 1 == shop.told(MessageSent)


def test_a_no_said_after_the_message_was_sent_holds_it_back(shop: Shop) -> None:
    """It was queued with a yes, and is decided on again when it goes."""
    message = shop.send()
    with shop.crm.begin() as tx:
        tx.consents.withdraw(shop.anna.id)
    shop.crm.relay.drain()
    assert ("cancelled_consent", []) == shop.now(message)
    assert [] == shop.provider.permits
    assert ["withdraw"] == [one.reason for one in shop.heard if isinstance(one, MessageCancelled)]


def test_a_decision_that_says_when_defers_a_message(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here or when it is sent; when that time comes it is queued again, and what tells of the last time is stale."""
    until = shop.clock.now() + timedelta(hours=8)

    def asleep(*_: object) -> Decision:
        return Decision(False, "quiet_hours", until)

    first = shop.send()
    with monkeypatch.context() as night:
        night.setattr(sending, "decided", asleep)
        night.setattr(messages, "decided", asleep)
        second = shop.send()
        shop.crm.relay.drain()
    assert ("deferred", "deferred", "quiet_hours", until) == (
        shop.now(first)[0], second.state, second.reason, second.until,
    )  # fmt: skip
    assert [until, until] == [one.until for one in shop.heard if isinstance(one, MessageDeferred)]
    shop.clock.go_on(hours=8)
    shop.crm.run_due()
    stale = next(one for one in shop.heard if isinstance(one, MessageQueued))
    shop.crm.relay.subscribers[SUBSCRIBER].handle(stale, Attempt("", 1, shop.clock.now(), 0))
    assert [] == shop.provider.permits
    shop.crm.relay.drain()
    assert (("sent", ["sent"]), ("sent", ["sent"])) == (shop.now(first), shop.now(second))
    assert [(first.id, 1), (first.id, 2), (second.id, 1)] == sorted(
        (one.message_id, one.turn) for one in shop.heard if isinstance(one, MessageQueued)
    )


def test_an_objection_is_asked_about_again(url: str, clock: FrozenClock) -> None:
    """It may be over at the next attempt; until then the message waits, and no failure is put down to the channel."""
    moody = Moody()
    shop = Shop(url, clock, moody, unknown="hold")
    with shop.crm:
        message = shop.send()
        moody.objects = True
        shop.crm.relay.drain()
        assert ("queued", []) == shop.now(message)
        assert 0 == sum(one.failures for one in shop.crm.plugins.status())
        moody.objects = False
        shop.later()
        assert ("sent", ["sent"]) == shop.now(message)


@pytest.mark.parametrize("raised", [Retry("down"), OSError("no route")])
def test_what_was_not_taken_is_tried_again(shop: Shop, raised: Exception) -> None:
    """Whoever never redeemed its permit has sent nothing, whatever it raised; it is decided on anew."""
    shop.provider.first(raised)
    message = shop.send()
    shop.crm.relay.drain()
    assert ("queued", ["not_taken"]) == shop.now(message)
    shop.later()
    assert ("sent", ["not_taken", "sent"]) == shop.now(message)
    assert 1 == len(shop.provider.taken)


def test_a_no_between_two_attempts_is_a_no(shop: Shop) -> None:
    """The first attempt did not get through, and there is no second."""
    shop.provider.first(Retry("down"))
    message = shop.send()
    shop.crm.relay.drain()
    with shop.crm.begin() as tx:
        tx.consents.withdraw(shop.anna.id)
    shop.later()
    assert ("cancelled_consent", ["not_taken"]) == shop.now(message)
    assert [] == shop.provider.taken


def test_a_provider_that_never_takes_it_is_asked_no_more(shop: Shop) -> None:
    """After as many attempts as any subscriber has."""
    shop.provider.first(*[Retry("down") for _ in range(99)])
    message = shop.send()
    for _ in range(12):
        shop.later()
    assert ("failed", [*["not_taken"] * 7, "failed"]) == shop.now(message)
    assert ["not_taken"] == [one.reason for one in shop.heard if isinstance(one, MessageFailed)]


def test_a_provider_may_turn_a_message_away_for_good(shop: Shop) -> None:
    """`Drop` says so, and it is not asked again."""
    shop.provider.first(Drop("blocked"))
    message = shop.send()
    for _ in range(2):
        shop.later()
    assert ("failed", ["failed"]) == shop.now(message)
    assert (1, 1) == (len(shop.provider.permits), shop.told(MessageFailed))


def test_an_unknown_outcome_is_held_for_a_person_and_never_repeated(shop: Shop) -> None:
    """A text message that may have gone must not go twice."""
    shop.provider.then(OSError("connection lost"))
    message = shop.send()
    for _ in range(3):
        shop.later()
    assert ("held", ["unknown"]) == shop.now(message)
    assert (1, 1) == (len(shop.provider.taken), shop.told(MessageHeld))
    with shop.crm.begin() as tx:
        assert 0 == tx.touchpoints.count()
        assert "sent" == tx.messages.report(message.id, state="sent").state
        assert 1 == tx.touchpoints.count()


def test_an_unknown_outcome_is_tried_again_under_its_key(emails: Shop) -> None:
    """The provider tells the repetition; of what went there is one touchpoint."""
    emails.provider.then(OSError("connection lost"))
    message = emails.send()
    for _ in range(3):
        emails.later()
    assert ("sent", ["unknown", "sent"]) == emails.now(message)
    assert [str(message.id)] * 2 == [key for key, _ in emails.provider.taken]
    with emails.crm.read() as tx:
        assert 1 == tx.touchpoints.count()


def test_a_process_that_dies_after_it_sent_leaves_an_unknown_outcome(shop: Shop) -> None:
    """Whoever takes over finds the attempt, and that nobody knows of it."""
    shop.provider.then(KeyboardInterrupt())
    message = shop.send()
    with pytest.raises(KeyboardInterrupt):
        shop.crm.relay.drain()
    assert ("sending", [None]) == shop.now(message)
    shop.later()
    assert ("held", ["unknown"]) == shop.now(message)
    assert 1 == len(shop.provider.taken)


def test_a_process_that_dies_on_a_channel_with_keys_sends_again(emails: Shop) -> None:
    """Unless the client has said no meanwhile."""
    emails.provider.then(KeyboardInterrupt(), KeyboardInterrupt())
    first = emails.send()
    with pytest.raises(KeyboardInterrupt):
        emails.crm.relay.drain()
    second = emails.send()
    with pytest.raises(KeyboardInterrupt):
        emails.crm.relay.drain()
    emails.later()
    with emails.crm.begin() as tx:
        tx.consents.withdraw(emails.anna.id)
    emails.later()
    assert {"sent"} == {emails.now(first)[0], emails.now(second)[0]}
    third = emails.send()
    assert "refused" == third.state


def test_a_late_answer_says_what_became_of_a_held_message(shop: Shop) -> None:
    """Its relay was too slow, so another found it on its way and held it; then the first comes back, and knows."""

    def slowly(permit: Permit) -> Receipt:
        permit.redeem()
        shop.later()
        assert ("held", ["unknown"]) == shop.now(message)
        return Receipt("slow-1")

    shop.provider.instead = slowly
    message = shop.send()
    shop.crm.relay.drain()
    assert ("sent", ["sent"]) == shop.now(message)
    assert (1, 1) == (shop.told(MessageHeld), shop.told(MessageSent))


def test_a_permit_gives_its_message_out_once() -> None:
    """The second time is a second message."""
    permit = a_permit(text="Hello")
    assert (False, "Hello", True) == (permit.is_redeemed, permit.redeem().text, permit.is_redeemed)
    with pytest.raises(ContactRefused) as caught:
        permit.redeem()
    assert "permit_spent" == caught.value.reason


def test_a_permit_holds_for_seconds(shop: Shop) -> None:
    """What is late was decided too long ago: it is decided on again."""
    expired = a_permit(seconds=0)
    with pytest.raises(ContactRefused) as caught:
        expired.redeem()
    assert ("permit_expired", False) == (caught.value.reason, expired.is_redeemed)
    message = shop.send()
    shop.provider.first(lambda: shop.clock.go_on(seconds=5), lambda: shop.clock.go_on(seconds=5, microseconds=-1))
    shop.crm.relay.drain()
    assert ("queued", ["not_taken"]) == shop.now(message)
    shop.later()
    assert ("sent", ["not_taken", "sent"]) == shop.now(message)


def test_nobody_makes_a_permit_or_takes_one_along() -> None:
    """Neither by its class nor by a copy in another process; and it shows nobody's words."""
    with pytest.raises(TypeError):
        Permit()
    with pytest.raises(TypeError):
        pickle.dumps(a_permit())
    assert TEXT not in repr(a_permit(text=TEXT))


def test_a_channel_that_redeemed_nothing_has_sent_nothing(shop: Shop) -> None:
    """Whatever it says: the text was in the permit, and in nothing else."""
    shop.provider.instead = lambda _: Receipt("done")
    message = shop.send()
    shop.crm.relay.drain()
    assert ("failed", ["failed"]) == shop.now(message)
    assert ["not_redeemed"] == [one.reason for one in shop.heard if isinstance(one, MessageFailed)]


def test_each_channel_has_a_subscriber_of_its_own(shop: Shop) -> None:
    """So that a provider which is down keeps no other channel back, and is seen to."""
    assert [SUBSCRIBER] == list(shop.crm.relay.subscribers)
    shop.provider.first(Retry("down"))
    shop.send()
    shop.crm.relay.drain()
    assert {SUBSCRIBER: 1} == {name: lag.waiting for name, lag in shop.crm.relay.outbox.lag().items()}


class Greeter(Plugin[None]):
    """Writes to whoever was updated, and keeps what came of it."""

    def __init__(self) -> None:
        super().__init__()
        self.met = list[Receipt | ContactRefused]()

    @on(ClientUpdated)
    def greet(self, ctx: EventContext, event: ClientUpdated) -> None:
        try:
            self.met.append(ctx.contact(event.client_id, channel="sms", purpose="service", to=PHONE, text="Welcome"))
        except ContactRefused as no:
            self.met.append(no)


def greeted(url: str, clock: FrozenClock, unknown: Literal["retry", "hold"]) -> tuple[Shop, Greeter]:
    greeter = Greeter()
    shop = Shop(url, clock, greeter, unknown=unknown)
    with shop.crm.begin() as tx:
        tx.clients.update(shop.anna.id, name="Anna P.")
    return shop, greeter


def test_what_an_observer_says_goes_the_same_way(url: str, clock: FrozenClock) -> None:
    """As a message, with its attempt and its touchpoint; told again, the client gets no second one."""
    shop, greeter = greeted(url, clock, "hold")
    with shop.crm:
        shop.crm.relay.drain()
        shop.crm.relay.resend("greeter.greet", since=shop.clock.now() - timedelta(days=1))
        shop.crm.relay.drain()
        assert [Receipt("p-1"), Receipt("p-1")] == greeter.met
        with shop.crm.read() as tx:
            (message,) = tx.messages.list()
            assert 1 == tx.touchpoints.count()
        assert ("sent", ["sent"]) == shop.now(message)
        assert [str(message.id)] == [key for key, _ in shop.provider.taken]


def test_what_an_observer_may_not_say_is_not_kept(url: str, clock: FrozenClock) -> None:
    """It is thrown at, and nothing is written."""
    shop, greeter = greeted(url, clock, "hold")
    with shop.crm:
        with shop.crm.begin() as tx:
            tx.consents.withdraw(shop.anna.id)
        shop.crm.relay.drain()
        assert ["withdraw"] == [one.reason for one in greeter.met if isinstance(one, ContactRefused)]
        with shop.crm.read() as tx:
            assert 0 == tx.messages.count()


@pytest.mark.parametrize(("unknown", "state", "went"), [("hold", "held", 1), ("retry", "sent", 2)])
def test_what_an_observer_may_have_said_follows_the_channels_rule(
    url: str, clock: FrozenClock, unknown: Literal["retry", "hold"], state: str, went: int
) -> None:
    """Its event is told again, and that is no reason to say it twice."""
    shop, greeter = greeted(url, clock, unknown)
    with shop.crm:
        shop.provider.then(OSError("connection lost"))
        for _ in range(2):
            shop.later()
        with shop.crm.read() as tx:
            assert [state] == [one.state for one in tx.messages.list()]
        assert went == len(shop.provider.taken)
        assert [ContactRefused if unknown == "hold" else Receipt] == [type(one) for one in greeter.met]
