"""The relay in a test's hands: what is told when, what fails, and where the process dies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from crmkit.crm.doors import CRM
from crmkit.crm.telling import relay_of
from crmkit.domain.events import Event
from crmkit.plugins.delivery.relay import LEASE, Drained
from crmkit.testing.clock import FrozenClock
from crmkit.testing.kit.hearing import EventRecorder
from crmkit.testing.kit.stepping import Steps
from crmkit.testing.kit.taps import HookRecorder

#: After so many waits something waits for ever.
PATIENCE = 200


class RelayDriver:
    """Tells observers of the CRM that was made last; nothing is told before a test says so."""

    def __init__(
        self, crm: Callable[[], CRM], clock: FrozenClock, events: EventRecorder, hooks: HookRecorder, steps: Steps
    ) -> None:
        self._crm, self._clock, self._events, self._hooks, self._steps = crm, clock, events, hooks, steps

    def drain(self, *, advance: bool = False) -> Drained:
        """Tell what is due; with *advance* let time pass until nothing waits any more."""
        relay = self._crm().relay
        total = relay.drain()
        if not advance:
            return total
        for _ in range(PATIENCE):
            if (pause := relay.wait_for()) is None:
                return total
            self._clock.advance(seconds=max(pause.total_seconds(), 1.0))
            total += relay.drain()
        raise AssertionError("Something is told again and again: see crm.plugins.status().")

    def fail(self, subscriber: str, times: int = 1) -> None:
        """Let a subscriber, `<plugin>.<method>`, fail before it begins, so many times."""
        self._check(subscriber)
        self._hooks.failing[subscriber] += times

    def key(self, event: Event | type[Event], subscriber: str) -> str:
        """The idempotency key under which a subscriber hears an event; of a class, the last one that happened."""
        self._check(subscriber)
        if isinstance(event, type):
            found = self._events.of(event)
            assert found, f"No {event.__name__} has happened."
            event = found[-1]
        return f"{event.id}:{subscriber}"

    def crash_after(self, steps: int) -> bool:
        """
        Drain, and die after so many storage steps as if killed; False if the relay was done before.

        Afterwards a fresh relay has taken over, and the clock stands where the dead one's lease has ended.
        """
        crm = self._crm()
        died = self._steps.dies_after(steps, crm.relay.drain)
        self._clock.advance(seconds=LEASE.total_seconds() + 1)
        fresh_relay(crm)
        return died

    def waiting(self) -> datetime | None:
        """When the next delivery is due, None if nothing waits."""
        crm = self._crm()
        crm.relay.queue.expand(PATIENCE)
        return crm.relay.queue.next_due(list(crm.relay.subscribers))

    def _check(self, subscriber: str) -> None:
        known = sorted(self._crm().relay.subscribers)
        assert subscriber in known, f"There is no subscriber {subscriber}. There are: {', '.join(known) or 'none'}."


def fresh_relay(crm: CRM) -> None:
    """Give *crm* the relay of a process that has just begun; its waits come out the same every time."""
    shared = crm._shared  # noqa: SLF001  # the test kit looks behind the doors
    relay = relay_of(shared.plugins, crm._beginning, shared.clock, crm._doors_of)  # noqa: SLF001
    relay._chance = lambda: 1.0  # noqa: SLF001
    shared.relay = relay
