"""Something a client asks us to put right; a complaint is one kind."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.ids import ClientId, PurchaseId, TicketId
from crmkit.domain.marks import Code, Masked, Personal

TicketKind = Literal["question", "request", "incident", "complaint"]
TicketStatus = Literal["new", "assigned", "pending", "resolved", "closed", "reopened"]
Priority = Literal["low", "normal", "high", "urgent"]
UNRESOLVED: tuple[TicketStatus, ...] = ("new", "assigned", "pending", "reopened")


@attrs.frozen
class Ticket(Masked):
    """
    A question, request, incident or complaint until it is closed; `pending` waits for the client.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    ...     ticket = tx.tickets.open(anna.id, subject="Late delivery", kind="complaint")
    ...     tx.tickets.resolve(ticket.id).status
    'resolved'
    """

    id: TicketId
    client_id: ClientId
    purchase_id: PurchaseId | None
    kind: TicketKind
    subject: Personal[str]
    description: Personal[str | None]
    priority: Priority
    status: TicketStatus
    assignee: Code[str | None]
    opened_at: datetime
    responded_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime
    version: int = 1
