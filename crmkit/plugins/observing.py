"""Who must hear of which event, and telling those who hear at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from crmkit.domain.events import Event
from crmkit.domain.frozen_map import FrozenMap
from crmkit.plugins.dispatch import ITS_OWN
from crmkit.plugins.failures import Failures
from crmkit.plugins.hooks.following import name_of
from crmkit.plugins.implementations import Implementation, Observer
from crmkit.ports.storage import NOBODY

#: Of transactions of so few events at most, and of so many such, it is known who hears of them.
FEW, MOST = 4, 256


class Observers:
    """Those of one CRM, by the event they hear; looked up once for each class of event."""

    def __init__(
        self, observers: Iterable[Observer], failures: Failures, trace: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        self.all = tuple(observers)
        self._failures = failures
        self._trace = trace
        self._durable: dict[type[Event], tuple[str, ...]] = {}
        self._by_kinds: dict[tuple[type[Event], ...], FrozenMap[str, tuple[int, ...]]] = {}
        self._at_once: dict[type[Event], tuple[Observer, ...]] = {}
        self._any_at_once = any(not one.said.durable for one in self.all)

    def subscribed(self, events: Sequence[Event]) -> FrozenMap[str, tuple[int, ...]]:
        """The durable observers of these events, each with the places of those it hears."""
        kinds = tuple(map(type, events))
        if (known := self._by_kinds.get(kinds)) is None:
            known = self._subscribed(kinds)
            if len(kinds) <= FEW and len(self._by_kinds) < MOST:  # as most transactions are, over and over
                self._by_kinds[kinds] = known
        return known

    def tell(self, events: Iterable[Event], context: Callable[[Observer, Event], object]) -> None:
        """Tell those who hear at once, best effort: one that raises harms nobody."""
        if not self._any_at_once:
            return
        for event in events:
            for one in self._hearing(type(event)):
                if self._trace is not None:
                    self._trace(f"{name_of(type(event))}: {one.name}, at once")
                try:
                    one.function(*((context(one, event), event) if one.with_context else (event,)))
                except ITS_OWN as error:  # each on its own is the point
                    self._failures.note(
                        Implementation(one.plugin, f"on {event.topic}", one.method, one.function), error
                    )

    def _subscribed(self, kinds: Iterable[type[Event]]) -> FrozenMap[str, tuple[int, ...]]:
        named = dict[str, tuple[int, ...]]()
        for place, kind in enumerate(kinds):
            for name in self._of(kind):
                named[name] = (*named.get(name, ()), place)
        return FrozenMap(named) if named else NOBODY

    def _of(self, kind: type[Event]) -> tuple[str, ...]:
        if (names := self._durable.get(kind)) is None:
            names = tuple(one.name for one in self.all if one.said.durable and _hears(one, kind))
            self._durable[kind] = names
        return names

    def _hearing(self, kind: type[Event]) -> tuple[Observer, ...]:
        if (some := self._at_once.get(kind)) is None:
            some = self._at_once[kind] = tuple(one for one in self.all if not one.said.durable and _hears(one, kind))
        return some


def by_name(observers: Iterable[Observer]) -> Mapping[str, Observer]:
    """The durable ones, by the name they are delivered under."""
    return {one.name: one for one in observers if one.said.durable}


def _hears(one: Observer, kind: type[Event]) -> bool:
    return any(issubclass(kind, heard) for heard in one.heard)
