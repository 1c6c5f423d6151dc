"""C1: somebody says no while eight are about to write to them."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from random import Random
from statistics import median
from threading import Barrier, Event as Signal, Lock
from time import monotonic

from crmkit import CRM, Message
from crmkit.domain.consent import Consent
from crmkit.domain.message import Attempt
from crmkit.domain.where import Test
from crmkit.errors import Conflict, StorageBusy
from crmkit.events import MessageQueued
from crmkit.plugins import Channel, Permit, Plugin, Receipt, hookimpl
from crmkit.plugins.delivery.subscriber import Attempt as Told
from crmkit.ports import Query

SENDERS = 8
PHONE = "+79123456789"


class Wire(Plugin[None]):
    """Takes whatever it is given, and writes down of which message, and how long after its commit."""

    def __init__(self) -> None:
        super().__init__()
        self.taken, self.gaps, self._lock = list[object](), list[float](), Lock()

    @hookimpl
    def crm_register_channels(self) -> Iterable[Channel]:
        return [Channel("sms", ("phone",), self.send, "retry")]

    def send(self, permit: Permit, key: str) -> Receipt:
        gap = monotonic() - (permit._ends - 5)  # a permit is made right after the commit
        permit.redeem()
        with self._lock:
            self.taken.append(permit.message_id)
            self.gaps.append(gap)
        return Receipt(key)


class Race:
    """One store, raced on as often as asked; what it counted."""

    def __init__(self, url: str, seed: int) -> None:
        self.wire, self._random = Wire(), Random(seed)
        #: Within how many seconds the no is said: somewhat longer than sending took the last time.
        self._span: float = 0.02
        self.crm = CRM.open(url, plugins=[self.wire], delivery="external", consent="permissive")
        self._queued = list[MessageQueued]()
        self.crm.on(MessageQueued)(self._queued.append)
        self._handle = self.crm.relay.subscribers["wire.channel:sms"].handle
        self.trials = self.sent = self.held_back = 0
        #: What must never be: attempts that a no stands before, messages without an end, sent ones without an attempt.
        self.late = self.endless = self.unwritten = 0

    def run(self, trials: int) -> None:
        """Race so many times, each against somebody new."""
        with ThreadPoolExecutor(SENDERS + 1) as pool:
            for _ in range(trials):
                self._trial(pool)

    def told(self) -> dict[str, int | float]:
        """The counts in words."""
        gaps = sorted(self.wire.gaps) or [0.0]
        return {
            "trials": self.trials, "sent": self.sent, "held back": self.held_back, "sent behind a no": self.late,
            "without an end": self.endless, "without an attempt": self.unwritten,
            "µs from commit to channel (median)": round(1e6 * median(gaps)),
            "µs from commit to channel (longest)": round(1e6 * gaps[-1]),
        }  # fmt: skip

    def _trial(self, pool: ThreadPoolExecutor) -> None:
        self._queued.clear()
        self.wire.taken.clear()
        with self.crm.begin() as tx:
            anna = tx.clients.add(name="Anna", phone=PHONE)
            tx.consents.grant(anna.id, purpose="service", channel="sms")
            for number in range(SENDERS):
                tx.messages.send(anna.id, channel="sms", purpose="service", text=f"{number}")
        start, wait = Barrier(SENDERS + 1), self._random.random() * self._span

        def withdraw() -> None:
            start.wait()
            Signal().wait(wait)  # a random instant, within the time that sending takes
            with self.crm.begin() as tx:
                tx.consents.withdraw(anna.id)

        sending = [pool.submit(self._send, start, event) for event in self._queued]
        saying_no = pool.submit(withdraw)
        self._span = 1.25 * max([one.result() for one in sending])
        saying_no.result()
        with self.crm.read() as tx:
            theirs = Test("client_id", "eq", anna.id)
            attempts = tx._unit.store.select(Query(Attempt, theirs))
            (no,) = tx._unit.store.select(Query(Consent, theirs & Test("kind", "eq", "withdraw")))
            messages = tx._unit.store.select(Query(Message, theirs))
        states = [one.state for one in messages]
        self.trials += 1
        self.sent += states.count("sent")
        self.held_back += states.count("cancelled_consent")
        self.late += sum(one.seq >= no.seq for one in attempts)
        self.endless += sum(state not in ("sent", "cancelled_consent") for state in states)
        written = {one.message_id for one in attempts}
        self.unwritten += sum(id not in written for id in self.wire.taken)
        self.unwritten += abs(len(self.wire.taken) - states.count("sent"))

    def _send(self, start: Barrier, event: MessageQueued) -> float:
        """Be told of a queued message, again whenever somebody else was first; in how many seconds."""
        start.wait()
        began, told = monotonic(), False
        while not told:
            attempt = Told(f"{event.id}", 1, event.at + timedelta(hours=1), 0)
            with suppress(Conflict, StorageBusy):
                self._handle(event, attempt)
                told = True
        return monotonic() - began
