"""Data of its own: points that clients earn with what they buy, on every storage."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs

from crmkit import Transaction
from crmkit.events import Event, PurchaseRecorded, PurchaseRefunded
from crmkit.ids import ClientId, PurchaseId
from crmkit.plugins import Collection, Plugin, ProjectContext, hookimpl, setting, settings_class


@attrs.frozen
class Earned:
    """What one purchase earned, less what was given back."""

    purchase_id: PurchaseId
    client_id: ClientId
    worth: Decimal


@settings_class
class LoyaltySettings:
    """What points cost."""

    price: Decimal = setting(default=Decimal(10), help="How much is spent for one point.")
    currency: str = setting(default="EUR", help="The currency that counts; what is paid in others earns nothing.")


class LoyaltyPoints(Plugin[LoyaltySettings]):
    """
    Keeps what each purchase earned, in the commit of the purchase: there is no moment when one is there alone.

    A line for each purchase, not a balance for each client: when two clients become one, their lines stand side by
    side and add up by themselves, and when that was a mistake each has its own again. A balance could not be parted.
    """

    earned = Collection(Earned, key="purchase_id", client="client_id")

    @hookimpl
    def crm_project(self, ctx: ProjectContext, events: Sequence[Event]) -> None:
        """Called once before the commit, with everything that happened in it."""
        lines = ctx.tx.data(self.earned)
        for event in events:
            if isinstance(event, PurchaseRecorded) and event.amount is not None:
                if event.amount.currency == self.settings.currency:
                    lines.put(Earned(event.purchase_id, event.client_id, event.amount.amount))
            elif isinstance(event, PurchaseRefunded) and (line := lines.find(event.purchase_id)) is not None:
                lines.put(attrs.evolve(line, worth=max(line.worth - event.amount.amount, Decimal())))

    def points(self, tx: Transaction, client_id: ClientId) -> int:
        """How many points a client has; each purchase counts whole points only."""
        lines = tx.data(self.earned).stream(client_id=client_id)
        return sum(int(line.worth // self.settings.price) for line in lines)
