"""One contact in the past, and the way from the first to a payment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import attrs

from crmkit.domain.ids import ClientId, ContactId, DealId, PurchaseId, TouchpointId
from crmkit.domain.marks import Code, Masked, Personal
from crmkit.domain.money import Money

Channel = Literal["call", "email", "messenger", "sms", "meeting", "visit", "web_form", "social", "post", "other"]
Direction = Literal["inbound", "outbound", "internal"]
Initiator = Literal["client", "company"]


@attrs.frozen
class Touchpoint(Masked):
    """
    The past, immutable. The same `external_id` of the same `origin` is kept once.

    `initiator` is who began the exchange: a reply keeps the initiator of what it answers.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    ...     tx.touchpoints.record(anna.id, channel="email", direction="inbound").initiator
    'client'
    """

    id: TouchpointId
    client_id: ClientId | None
    contact_id: ContactId | None
    deal_id: DealId | None
    occurred_at: datetime
    channel: Channel
    direction: Direction
    initiator: Initiator
    outcome: Code[str | None]
    summary: Personal[str | None]
    cost: Money | None
    minutes: int | None
    actor: Code[str | None]
    origin: Code[str | None]
    external_id: Code[str | None]
    reply_to: TouchpointId | None


@attrs.frozen
class JourneyStep:
    """
    One touch or one payment on the way; `waited` since the step before, `gap` if that was long.

    >>> from datetime import UTC, datetime, timedelta
    >>> JourneyStep(datetime(2026, 1, 1, tzinfo=UTC), "email", None, None, timedelta(), gap=False).what
    'email'
    """

    at: datetime
    what: Code[str]
    touchpoint_id: TouchpointId | None
    purchase_id: PurchaseId | None
    waited: timedelta
    gap: bool


@attrs.frozen
class Journey:
    """
    A client's way from the first contact to the latest payment, oldest first; `paid` is False while there is none.

    >>> Journey((), paid=False).steps
    ()
    """

    steps: tuple[JourneyStep, ...]
    paid: bool
