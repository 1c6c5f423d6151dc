"""What happens to pipelines, deals and purchases."""

from __future__ import annotations

import attrs

from crmkit.domain.events.envelope import Change, Event
from crmkit.domain.ids import ClientId, DealId, PurchaseId, RefundId
from crmkit.domain.marks import Code
from crmkit.domain.money import Money


@attrs.frozen
class PipelineDefined(Event):
    """A pipeline was defined, or defined anew."""

    pipeline_id: Code[str]
    stages: Code[tuple[str, ...]]


@attrs.frozen
class DealOpened(Event):
    """A sale may happen."""

    deal_id: DealId
    client_id: ClientId
    pipeline: Code[str]
    stage: Code[str]
    amount: Money | None


@attrs.frozen
class DealUpdated(Event):
    """Fields of a deal changed."""

    deal_id: DealId
    client_id: ClientId
    changes: tuple[Change, ...]


@attrs.frozen
class DealAssigned(Event):
    """Another owner, or none, is responsible for a deal."""

    deal_id: DealId
    client_id: ClientId
    from_owner: Code[str | None]
    to_owner: Code[str | None]


@attrs.frozen
class DealMoved(Event):
    """A deal is in another stage; it had been `seconds` in the one before."""

    deal_id: DealId
    client_id: ClientId
    pipeline: Code[str]
    from_stage: Code[str]
    to_stage: Code[str]
    seconds: int


@attrs.frozen
class DealWon(Event):
    """A deal became a purchase."""

    deal_id: DealId
    client_id: ClientId
    purchase_id: PurchaseId
    amount: Money | None


@attrs.frozen
class DealLost(Event):
    """A deal fell through."""

    deal_id: DealId
    client_id: ClientId
    stage: Code[str]
    reason: Code[str]


@attrs.frozen
class DealReopened(Event):
    """A closed deal is open again; its outcome stays in its history."""

    deal_id: DealId
    client_id: ClientId
    was: Code[str]


@attrs.frozen
class DealCancelled(Event):
    """A deal ended without an outcome: opened by mistake, or a double."""

    deal_id: DealId
    client_id: ClientId
    reason: Code[str | None]


@attrs.frozen
class PurchaseRecorded(Event):
    """Something was bought."""

    purchase_id: PurchaseId
    client_id: ClientId
    deal_id: DealId | None
    amount: Money | None
    channel: Code[str]


@attrs.frozen
class PurchaseRefunded(Event):
    """Money was given back."""

    purchase_id: PurchaseId
    client_id: ClientId
    refund_id: RefundId
    amount: Money
    reason: Code[str | None]
