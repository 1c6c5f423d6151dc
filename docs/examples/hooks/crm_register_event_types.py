"""A loyalty scheme tells that a card was issued, in an event of its own."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

import attrs

from crmkit.events import ClientActivated, Event
from crmkit.ids import ClientId
from crmkit.plugins import Plugin, ProjectContext, hookimpl


@attrs.frozen
class CardIssued(Event):
    """A client has a card now."""

    topic: ClassVar[str] = "loyalty.card_issued"
    client_id: ClientId


class Loyalty(Plugin[None]):
    """Gives every new customer a card, and says so; others hear it by its topic: `@on("loyalty.card_issued")`."""

    @hookimpl
    def crm_register_event_types(self) -> Iterable[type[Event]]:
        """Bring what is told of cards."""
        return [CardIssued]

    @hookimpl
    def crm_project(self, ctx: ProjectContext, events: Sequence[Event]) -> None:
        """Issue the cards, in the commit of what they are for."""
        for event in events:
            if isinstance(event, ClientActivated):
                ctx.tx.tell(CardIssued, client_id=event.client_id)
