"""The relay of one CRM: its subscribers are the plugins' observers, each with its doors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crmkit.crm.plugin_tables import own_tables
from crmkit.domain.delivery import Delivery
from crmkit.domain.events import Event
from crmkit.plugins.context import Doors, EventContext
from crmkit.plugins.delivery.modes import External, Inline, InThread, Mode, Work
from crmkit.plugins.delivery.queue import Begin
from crmkit.plugins.delivery.relay import Relay, Reports
from crmkit.plugins.delivery.subscriber import Attempt, Subscriber
from crmkit.plugins.gate import Gate
from crmkit.plugins.hooks.following import name_of
from crmkit.plugins.host import Plugins
from crmkit.plugins.implementations import Implementation, Observer
from crmkit.plugins.jobs import Block
from crmkit.plugins.observing import by_name
from crmkit.plugins.values.reporting import DeadLetter
from crmkit.ports import Clock

#: The doors of a plugin, as the one who acted, so many subscribers deep; and the one that nothing is hidden from.
OpenDoors = Callable[[str, Event, int], tuple[Doors, Block]]
MODES: dict[Mode, Callable[[Work], InThread | Inline | External]] = {
    "thread": InThread,
    "inline": Inline,
    "external": lambda _: External(),
}


def relay_of(plugins: Plugins, begin: Begin, clock: Clock, doors: OpenDoors) -> Relay:
    """Put together who hears what, and how."""
    subscribers = {
        name: Subscriber(
            name,
            one.plugin,
            _handle(plugins, one, doors, clock),
            one.said.attempts,
            one.said.ordered,
            one.circuit,
            one.heard,
        )
        for name, one in by_name(plugins.observers.all).items()
    }
    return Relay(begin, clock, subscribers, plugins.running, _reports(plugins))


def _handle(plugins: Plugins, one: Observer, doors: OpenDoors, clock: Clock) -> Callable[[Event, Attempt], Any]:
    def told(event: Event, attempt: Attempt) -> Any:
        if plugins.dispatch.trace is not None:
            plugins.dispatch.trace(f"{name_of(type(event))}: {one.name}, attempt {attempt.number}")
        if not one.with_context:
            return one.function(event)
        acting, whole = doors(one.plugin, event, attempt.depth + 1)
        ctx = EventContext(
            one.plugin, attempt.key, attempt.number, attempt.deadline, attempt.depth,
            doors=acting, channels=plugins.channels, sql=own_tables, leaving=plugins.filtered, clock=clock,
            gate=Gate(whole, clock),
        )  # fmt: skip
        return one.function(ctx, event)

    return told


def _reports(plugins: Plugins) -> Reports:
    def failed(delivery: Delivery, subscriber: Subscriber, error: BaseException) -> None:
        method = subscriber.name.partition(".")[2]
        plugins.failures.note(
            Implementation(subscriber.plugin, f"on {delivery.topic}", method, subscriber.handle), error
        )

    def dead(delivery: Delivery) -> None:
        plugins.dispatch.tell("crm_on_dead_letter", letter=DeadLetter(
            delivery.event_id, delivery.topic, delivery.subscriber, delivery.attempts, delivery.error or "",
        ))  # fmt: skip

    return Reports(failed, dead)
