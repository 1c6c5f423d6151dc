"""What follows a commit: those who hear at once, the host's receivers, then delivery to those who hear for certain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crmkit.crm.receivers import Receivers
from crmkit.crm.sealing import Sealing
from crmkit.crm.telling import OpenDoors
from crmkit.domain.events import Event
from crmkit.plugins.context import EventContext
from crmkit.plugins.gate import Gate
from crmkit.plugins.host import Plugins
from crmkit.plugins.implementations import Observer
from crmkit.ports import Clock


class Delivery(Protocol):
    """How durable observers are told: inline, in a thread, or by another process."""

    def committed(self) -> None:
        """Something is waiting."""
        ...

    def close(self) -> None:
        """Tell what can be told, then let go; the rest stays."""
        ...


class Following:
    """One for each CRM."""

    def __init__(self, plugins: Plugins, receivers: Receivers, doors: OpenDoors, clock: Clock) -> None:
        self._plugins = plugins
        self._receivers = receivers
        self._doors = doors
        self._clock = clock
        self.subscribed = plugins.observers.subscribed
        self.delivery: Delivery | None = None
        self.sealing: Sealing | None = None

    def committed(self, events: Sequence[Event], *, waiting: bool) -> None:
        """Tell what happened; nothing that any of them does can undo it."""
        self._plugins.observers.tell(events, self._context)
        self._receivers.tell(events)
        if waiting and self.delivery is not None:
            self.delivery.committed()
        if self.sealing is not None:
            self.sealing.committed(events[0].at)

    def _context(self, observer: Observer, event: Event) -> EventContext:
        acting, whole = self._doors(observer.plugin, event, 1)
        return EventContext(
            observer.plugin, f"{event.id}:{observer.name}", doors=acting, channels=self._plugins.channels,
            leaving=self._plugins.filtered, clock=self._clock, gate=Gate(whole, self._clock),
        )  # fmt: skip
