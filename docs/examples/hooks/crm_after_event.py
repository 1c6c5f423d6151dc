"""An audit hears of everything."""

from crmkit.events import Event
from crmkit.plugins import EventContext, Plugin, hookimpl


class Audit(Plugin[None]):
    """Keeps a list of what happened, by id: an event that is told again is no second line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = dict[str, str]()

    @hookimpl
    def crm_after_event(self, ctx: EventContext, event: Event) -> None:
        """Write a line; the key is the same at every attempt."""
        self.lines[ctx.idempotency_key] = f"{event.topic} by {event.actor}"
