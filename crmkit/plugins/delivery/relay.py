"""crm.relay: tells what waits, one after the other, each attempt on its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from copy import copy
from datetime import datetime, timedelta
from random import SystemRandom

import attrs

from crmkit.domain.delivery import Delivery
from crmkit.domain.events import Event, UnknownEvent
from crmkit.domain.ids import EventId
from crmkit.errors import Conflict, Drop, Fault, Invalid, OutboundDenied, Retry
from crmkit.plugins.delivery.backoff import wait
from crmkit.plugins.delivery.breaker import Breaker
from crmkit.plugins.delivery.loop import finished
from crmkit.plugins.delivery.outbox import Outbox
from crmkit.plugins.delivery.queue import Begin, DeliveryQueue
from crmkit.plugins.delivery.resending import Wanted, resend
from crmkit.plugins.delivery.settling import Settling
from crmkit.plugins.delivery.subscriber import Attempt, Claimed, Subscriber
from crmkit.plugins.failures import place_of
from crmkit.ports import Clock

logger = logging.getLogger("crmkit.plugins")
#: How long a claim lasts, how much is claimed at once, and how many subscribers may lead to one another.
LEASE, BATCH, DEEPEST = timedelta(seconds=60), 50, 16
#: When to look again at an event that this crmkit cannot read.
NOT_OURS = timedelta(minutes=10)
#: What is said of an attempt that ended with its process.
NEVER_BACK = "whoever told it did not come back"
_chance = SystemRandom().random


@attrs.frozen
class Drained:
    """
    What a relay did: entries of the journal looked at, events told, to be told again, given up, not wanted, left alone.

    What it left alone it cannot read, or another relay took it over meanwhile.

    >>> Drained(told=3) + Drained(told=1, again=1)
    Drained(expanded=0, told=4, again=1, dead=0, dropped=0, left=0)
    """

    expanded: int = 0
    told: int = 0
    again: int = 0
    dead: int = 0
    dropped: int = 0
    left: int = 0

    def __add__(self, other: Drained) -> Drained:
        return Drained(*[one + two for one, two in zip(attrs.astuple(self), attrs.astuple(other), strict=True)])

    def __bool__(self) -> bool:
        return any(attrs.astuple(self))


@attrs.frozen
class Outcome:
    """What came of one attempt: no error if it was told; `counts` if it says something of the plugin's health."""

    error: str | None = None
    after: timedelta | None = None
    dropped: bool = False
    hopeless: bool = False
    failed: bool = False
    counts: bool = False


@attrs.frozen
class Reports:
    """
    Who is told what became of attempts: a failure with its type and place, and a dead letter.

    Either may raise: that is logged, and changes nothing of what became of the attempt.
    """

    failed: Callable[[Delivery, Subscriber, BaseException], None]
    dead: Callable[[Delivery], None]


class Relay:
    """
    One process's; several may work on one store, none tells what another has claimed.

    >>> from crmkit import CRM
    >>> CRM.open("memory://").relay.run_once()
    Drained(expanded=0, told=0, again=0, dead=0, dropped=0, left=0)
    """

    doing = "Telling"

    def __init__(
        self, begin: Begin, clock: Clock, subscribers: Mapping[str, Subscriber], running: Callable[[], Collection[str]],
        reports: Reports, *, lease: timedelta = LEASE, chance: Callable[[], float] = _chance,
    ) -> None:  # fmt: skip
        self.queue = DeliveryQueue(begin, lease)
        self.outbox = Outbox(begin)
        #: The plugins whose subscribers it serves, None for all: so that each may have a process of its own.
        self.only: frozenset[str] | None = None
        self._begin = begin
        self.subscribers = subscribers
        self._clock = clock
        self._running = running
        self._reports = reports
        self._chance = chance
        self._breakers: dict[str, Breaker] = {}
        self._quick = set[str]()

    def run_once(self, limit: int = BATCH) -> Drained:
        """Look into the journal, take up to *limit* deliveries that are due, and tell them."""
        expanded = self.queue.expand(limit)
        served = self._served()
        ordered = [name for name, one in self.subscribers.items() if one.ordered]
        try:
            claimed = self.queue.claim(limit, served, ordered)
        except Conflict:  # another relay gave one back at this moment
            return Drained(expanded, left=1)
        did, settling = Drained(expanded), Settling(self.queue, self._quick)
        try:
            for one in claimed:
                did += self._tell(one, settling)
        finally:
            settling.settle()
        did += Drained(told=settling.count)
        return attrs.evolve(did, left=len(claimed) - did.told - did.again - did.dead - did.dropped)

    def drain(self) -> Drained:
        """Go on until nothing is due; what is to be told later stays."""
        total = Drained()
        while step := self.run_once():
            total += step
        return total

    def resend(self, subscriber: str, *, since: datetime | None = None, ids: Collection[EventId] = ()) -> int:
        """
        Have past events told to a subscriber, again or for the first time, under the keys of the first time.

        Those that it hears of, which happened *since* an instant or have one of these *ids*; what waits already is left
        as it is, what is dead waits again. Says how many wait now that did not before.
        """
        faults = list[Fault]()
        if subscriber not in self.subscribers:
            known = ", ".join(sorted(self.subscribers)) or "none"
            faults.append(Fault("subscriber", "unknown", f"There is no such subscriber. There are: {known}."))
        if since is None and not ids:
            faults.append(Fault("since", "missing", "Give an instant, or ids of events."))
        if since is not None and since.tzinfo is None:
            faults.append(Fault("since", "naive", "Give a time with its zone, such as datetime.now(UTC)."))
        if faults:
            raise Invalid(*faults)
        return resend(self._begin, Wanted(self.subscribers[subscriber], since, frozenset(ids)))

    def take_over(self, name: str) -> int:
        """
        Claim under this name from now on, whose last bearer is dead for certain; say how much it left behind.

        That is to be told again, as if it had failed, without a wait for the end of its claim.
        """
        self.queue.name = name
        left = self.queue.claimed_by(name)
        for one in left:
            known = self.subscribers.get(one.subscriber)
            if known is not None and one.attempts >= known.attempts:
                self._bury(one, NEVER_BACK)
            else:
                self.queue.later(one, self._due(wait(one.attempts, self._chance())), NEVER_BACK)
        return len(left)

    def wait_for(self) -> timedelta | None:
        """How long until something is due, zero if it is already, None if nothing waits."""
        due = self.queue.next_due(self._served())
        return None if due is None else max(due - self._clock.now(), timedelta())

    def open_breakers(self) -> frozenset[str]:
        """The plugins, or subscriptions, that failed so often that they are left alone for a while."""
        return frozenset(name for name, one in self._breakers.items() if one.is_open)

    def _served(self) -> list[str]:
        """The subscribers of plugins that run and are not being left alone."""
        running, now = self._running(), self._clock.now()
        return [
            name
            for name, one in self.subscribers.items()
            if one.plugin in running
            and (self.only is None or one.plugin in self.only)
            and (one.circuit not in self._breakers or self._breakers[one.circuit].lets_through(now))
        ]

    def _tell(self, claimed: Claimed, settling: Settling) -> Drained:
        delivery, now = claimed.delivery, self._clock.now()
        subscriber = self.subscribers[delivery.subscriber]
        breaker = self._breakers.setdefault(subscriber.circuit, Breaker())
        if now >= delivery.due_at or not breaker.lets_through(now):
            self.queue.later(delivery, now, delivery.error, begun=False)  # too late, or left alone meanwhile
            return Drained()
        if isinstance(claimed.event, UnknownEvent):  # of a newer crmkit, or of a plugin that is not here
            self.queue.later(delivery, now + NOT_OURS, delivery.error, begun=False)
            return Drained()
        if claimed.event is None:
            return self._bury(delivery, "the journal has no such event")
        if claimed.depth > DEEPEST:
            return self._bury(delivery, f"a chain of {claimed.depth} subscribers, each hearing of what another did")
        if delivery.attempts > subscriber.attempts:  # whoever tried last did not live to say so
            return self._bury(delivery, delivery.error or NEVER_BACK)
        return self._attempt(claimed, claimed.event, subscriber, settling)

    def _attempt(self, claimed: Claimed, event: Event, subscriber: Subscriber, settling: Settling) -> Drained:
        delivery, breaker = claimed.delivery, self._breakers[subscriber.circuit]
        attempt = Attempt(delivery.key, delivery.attempts, delivery.due_at, claimed.depth)
        settling.before(subscriber)
        outcome = self._outcome(delivery, subscriber, copy(event), attempt)
        if outcome.counts:
            breaker.note(self._clock.now(), failed=outcome.failed)
        if outcome.dropped:
            return Drained(dropped=self.queue.done([(delivery, subscriber.ordered)]))
        if outcome.hopeless or (outcome.error is not None and delivery.attempts >= subscriber.attempts):
            return self._bury(delivery, outcome.error or "")
        if outcome.error is not None:
            pause = wait(delivery.attempts, self._chance()) if outcome.after is None else outcome.after
            self.queue.later(delivery, self._due(pause), outcome.error)
            return Drained(again=1)
        settling.told(delivery, subscriber)
        return Drained()  # it counts once it is settled

    def _outcome(self, delivery: Delivery, subscriber: Subscriber, event: Event, attempt: Attempt) -> Outcome:
        """
        Tell, and put into words what came of it.

        The error itself is let go of before anything else is done: its traceback would keep alive, and open, whatever
        transaction the handler forgot to leave.
        """
        try:
            finished(subscriber.handle(event, attempt))
        except Drop:
            return Outcome(dropped=True)
        except Retry as asked:
            after = None if asked.after is None else timedelta(seconds=asked.after)
            return Outcome(_said(asked), after=after)
        except OutboundDenied as error:  # it says itself that no later attempt will do
            _reported(self._reports.failed, delivery, subscriber, error)
            return Outcome(f"OutboundDenied ({error.reason}) at {place_of(error)}", hopeless=True)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001  # a plugin may raise anything; an interrupt is not its own
            _reported(self._reports.failed, delivery, subscriber, error)
            return Outcome(_said(error), failed=True, counts=True)
        return Outcome(counts=True)

    def _due(self, pause: timedelta) -> datetime:
        return self._clock.now() + max(pause, timedelta())

    def _bury(self, delivery: Delivery, error: str) -> Drained:
        if self.queue.dead(delivery, error):
            _reported(self._reports.dead, attrs.evolve(delivery, error=error))
        return Drained(dead=1)


def _reported(report: Callable[..., None], *what: object) -> None:
    """Say it, whatever comes of that: what is told next must not suffer from it."""
    try:
        report(*what)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001  # as a plugin may, so may who hears of it
        logger.error("A report failed: %s", _said(error))  # noqa: TRY400  # its text may quote


def _said(error: BaseException) -> str:
    return f"{type(error).__name__} at {place_of(error)}"
