"""What happened, typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from crmkit.domain.events import Event

E = TypeVar("E", bound=Event)


class EventRecorder:
    """
    Every event that CRMs made by `make_crm` committed, in order.

    >>> from crmkit import CRM
    >>> from crmkit.events import ClientAdded, Event
    >>> events = EventRecorder()
    >>> crm = CRM.open("memory://")
    >>> _ = crm.on(Event)(events.hear)
    >>> with crm.begin() as tx:
    ...     _ = tx.clients.add(name="Anna")
    >>> len(events.of(ClientAdded))
    1
    >>> events.assert_only(ClientAdded)
    """

    def __init__(self) -> None:
        self._heard: list[Event] = []

    def hear(self, event: Event) -> None:
        """Note one."""
        self._heard.append(event)

    def of(self, kind: type[E]) -> list[E]:
        """Those of one class."""
        return [event for event in self._heard if isinstance(event, kind)]

    def topics(self) -> list[str]:
        """What they are about, in order."""
        return [event.topic for event in self._heard]

    def assert_only(self, *kinds: type[Event]) -> None:
        """Fail unless exactly these happened, in this order."""
        wanted = [kind.topic for kind in kinds]
        assert wanted == self.topics(), f"wanted {wanted}, happened {self.topics()}"

    def clear(self) -> None:
        """Forget what happened so far."""
        self._heard.clear()

    def __iter__(self) -> Iterator[Event]:
        return iter(list(self._heard))

    def __len__(self) -> int:
        return len(self._heard)
