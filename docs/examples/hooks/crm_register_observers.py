"""Which events ring is for the settings to say."""

from collections.abc import Iterable

import attrs

from crmkit.events import Event
from crmkit.plugins import EventContext, Plugin, Subscription, hookimpl


@attrs.frozen
class BellsSettings:
    """The topics, by the name of a bell."""

    bells: dict[str, tuple[str, ...]]


class Bells(Plugin[BellsSettings]):
    """Brings an observer for each bell; where events are known when it is written, `@on` is shorter."""

    def __init__(self, settings: BellsSettings) -> None:
        super().__init__(settings)
        self.rung = list[str]()

    @hookimpl
    def crm_register_observers(self) -> Iterable[Subscription]:
        """Bring one for each."""
        for name, topics in self.settings.bells.items():
            yield Subscription(name, topics, self.ring)

    def ring(self, ctx: EventContext, event: Event) -> None:
        """Ring; the key tells which bell, and the same event is told to each by itself."""
        self.rung.append(event.topic)
