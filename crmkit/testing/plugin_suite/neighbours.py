"""Plugins of others that stand in the same list."""

from __future__ import annotations

from crmkit.domain.events import Event
from crmkit.events import ClientAdded
from crmkit.plugins.context import EventContext
from crmkit.plugins.markers import on
from crmkit.plugins.plugin import Plugin


class Witness(Plugin[None]):
    """Hears everything; whoever harms it is seen."""

    name = "witness"

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Event] = []

    @on(Event)
    def hear(self, event: Event) -> None:
        """Note it."""
        self.heard.append(event)


class Tagger(Plugin[None]):
    """Changes a record when it hears of it, as others do."""

    name = "tagger"

    @on(ClientAdded)
    def tag(self, ctx: EventContext, event: ClientAdded) -> None:
        """Leave a mark."""
        with ctx.begin() as tx:
            client = tx.clients.get(event.client_id)
            tx.clients.update(client.id, tags=[*client.tags, "tagged"])
