"""What was bought, and what was given back."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.ids import ClientId, DealId, PurchaseId, RefundId
from crmkit.domain.marks import Code, Masked, Personal
from crmkit.domain.money import Money
from crmkit.domain.source import Source


@attrs.frozen
class Item(Masked):
    """
    One line of a purchase: *quantity* of a product at *unit_price* each.

    >>> from crmkit import Money
    >>> Item("Balls to the Wall", 2, Money("0.99", "USD"), group="Rock").total
    Money(amount=Decimal('1.98'), currency='USD')
    """

    product: Personal[str]
    quantity: int = 1
    unit_price: Money | None = None
    group: Code[str | None] = None

    @property
    def total(self) -> Money | None:
        """Quantity times unit price, None without a price."""
        return None if self.unit_price is None else self.unit_price * self.quantity


@attrs.frozen
class Purchase(Masked):
    """
    A fact, with or without a deal. The same `external_id` of the same `origin` is kept once.

    >>> from crmkit import CRM, Item, Money
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    ...     bought = tx.purchases.record(anna.id, items=[Item("Tea", 2, Money("3.10", "EUR"))])
    ...     bought.amount
    Money(amount=Decimal('6.20'), currency='EUR')
    """

    id: PurchaseId
    client_id: ClientId
    deal_id: DealId | None
    amount: Money | None
    refunded: Money | None
    items: Personal[tuple[Item, ...]]
    channel: Code[str]
    source: Source
    origin: Code[str | None]
    external_id: Code[str | None]
    bought_at: datetime
    updated_at: datetime
    version: int = 1


@attrs.frozen
class Refund(Masked):
    """
    Money given back for a purchase, in part or whole.

    >>> from crmkit import CRM, Money
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     bought = tx.purchases.record(tx.clients.add(name="Anna").id, amount=Money(10, "EUR"))
    ...     _ = tx.purchases.refund(bought.id, amount=Money(4, "EUR"), reason="damaged")
    ...     [str(refund.amount) for refund in tx.purchases.refunds(bought.id)]
    ['4.00 EUR']
    """

    id: RefundId
    purchase_id: PurchaseId
    client_id: ClientId
    amount: Money
    reason: Code[str | None]
    at: datetime
