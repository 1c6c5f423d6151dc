<<<<<<< HEAD
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
=======
"""Lamps light up, each for what its settings say."""

from collections.abc import Iterable, Mapping
from functools import partial

from crmkit.events import Event
from crmkit.plugins import EventContext, Plugin, Subscription, hookimpl, setting, settings_class


@settings_class
class LampSettings:
    """The lamps, and what each one tells of."""

    lamps: Mapping[str, str] = setting(
        help='A topic such as "deal.won" for each lamp, by its name.', factory=dict[str, str]
    )


class Lamps(Plugin[LampSettings]):
    """Brings one observer a lamp: if one is broken, the others go on."""

    def start(self) -> None:
        """All are dark at first."""
        self.lit = set[str]()

    @hookimpl
    def crm_register_observers(self) -> Iterable[Subscription]:
        """Bring them; they are delivered to as `lamps.<name>`."""
        return [Subscription(name, (topic,), partial(self.light, name)) for name, topic in self.settings.lamps.items()]

    def light(self, name: str, ctx: EventContext, event: Event) -> None:
        """Light one lamp, after the commit, at least once for each event."""
        self.lit.add(name)
        ctx.log.info("%s is lit for %s", name, event.id)
>>>>>>> webhooks
