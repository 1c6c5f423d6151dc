"""A loyalty scheme tells that a card was issued, in an event of its own."""

from collections.abc import Iterable
from typing import ClassVar

import attrs

from crmkit.events import Event
from crmkit.ids import ClientId
from crmkit.plugins import Plugin, hookimpl


@attrs.frozen
class CardIssued(Event):
    """A client has a card now."""

    topic: ClassVar[str] = "loyalty.card_issued"
    client_id: ClientId


class Loyalty(Plugin[None]):
    """Brings an event; others hear it by its topic: `@on("loyalty.card_issued")`."""

    @hookimpl
    def crm_register_event_types(self) -> Iterable[type[Event]]:
        """Bring what is told of cards."""
        return [CardIssued]
