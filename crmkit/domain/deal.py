"""A possible sale, and each step it took."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.custom import Custom
from crmkit.domain.ids import ClientId, DealId, DealStepId
from crmkit.domain.marks import Code, Masked, Personal
from crmkit.domain.money import Money
from crmkit.domain.source import Source

DealStatus = Literal["open", "won", "lost", "cancelled"]
StepKind = Literal["opened", "moved", "won", "lost", "cancelled", "reopened"]


@attrs.frozen
class Deal(Masked):
    """
    A sale that may happen: open in some stage of a pipeline, then won, lost or cancelled.

    >>> from crmkit import CRM, Money
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    ...     deal = tx.deals.open(anna.id, title="Web order", amount=Money("10.50", "EUR"))
    ...     tx.deals.win(deal.id).status
    'won'
    """

    id: DealId
    client_id: ClientId
    title: Personal[str]
    pipeline: Code[str]
    stage: Code[str]
    status: DealStatus
    amount: Money | None
    owner: Code[str | None]
    source: Source
    custom: Custom
    lost_reason: Code[str | None]
    competitor: Personal[str | None]
    opened_at: datetime
    stage_since: datetime
    closed_at: datetime | None
    updated_at: datetime
    version: int = 1


@attrs.frozen
class DealStep(Masked):
    """
    One step in a deal's history; `seconds` is how long the deal had been in `from_stage`.

    A deal that was lost, reopened and won keeps both outcomes here.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     deal = tx.deals.open(tx.clients.add(name="Anna").id, title="Web order")
    ...     _ = tx.deals.lose(deal.id, reason="price"), tx.deals.reopen(deal.id), tx.deals.win(deal.id)
    ...     [step.kind for step in tx.deals.history(deal.id)]
    ['opened', 'lost', 'reopened', 'won']
    """

    id: DealStepId
    deal_id: DealId
    client_id: ClientId
    number: int
    kind: StepKind
    pipeline: Code[str]
    from_stage: Code[str | None]
    to_stage: Code[str]
    at: datetime
    seconds: int
    reason: Code[str | None]
    actor: Code[str | None]
