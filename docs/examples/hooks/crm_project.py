"""A won deal leaves a note in the very same commit."""

from collections.abc import Sequence

from crmkit.events import DealWon, Event
from crmkit.plugins import Plugin, ProjectContext, hookimpl


class Thanks(Plugin[None]):
    """Writes what follows from what happened."""

    @hookimpl
    def crm_project(self, ctx: ProjectContext, events: Sequence[Event]) -> None:
        """Go through all of the transaction's events at once."""
        for event in events:
            if isinstance(event, DealWon):
                ctx.tx.notes.add(event.client_id, text="Thank them.")
