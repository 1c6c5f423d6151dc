"""A won deal plans a call, exactly once."""

from datetime import timedelta

from crmkit.events import DealWon
from crmkit.plugins import EventContext, Plugin, hookimpl


class FollowUp(Plugin[None]):
    """Hears of won deals after their commit. `@on(DealWon)` on a method of any name is the same."""

    @hookimpl
    def crm_after_deal_won(self, ctx: EventContext, event: DealWon) -> None:
        """Write in one transaction with the note that it was done, so that a repeated attempt does nothing."""
        with ctx.begin() as tx:
            if ctx.once(tx):
                tx.tasks.plan(event.client_id, title="Ask how it went", due=event.at + timedelta(days=7))
