"""tx.tickets: what clients ask us to put right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, TypedDict, Unpack

import attrs

from crmkit.domain.client import Client
from crmkit.domain.events import (
    TicketAssigned,
    TicketClosed,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketResponded,
    TicketUpdated,
)
from crmkit.domain.ids import ClientId, PurchaseId, TicketId
from crmkit.domain.purchase import Purchase
from crmkit.domain.query import Page
from crmkit.domain.ticket import UNRESOLVED, Priority, Ticket, TicketKind, TicketStatus
from crmkit.domain.where import Where
from crmkit.services.checks import Checks, options
from crmkit.services.command import command
from crmkit.services.room import KEEP, Omitted, Room

TicketOrder = Literal["opened_at", "-opened_at"]


class TicketFilters(TypedDict, total=False):
    """Typed filters of tickets."""

    client_id: ClientId
    kind: TicketKind
    status: TicketStatus
    priority: Priority
    assignee: str | None


class Tickets(Room[Ticket, TicketId]):
    """
    Questions, requests, incidents and complaints.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    ...     ticket = tx.tickets.open(anna.id, subject="Late delivery", kind="complaint")
    ...     tx.tickets.respond(ticket.id).status, tx.clients.get(anna.id).last_complained_at is not None
    ('pending', True)
    """

    __slots__ = ()
    _kind = Ticket
    _filters = frozenset(TicketFilters.__annotations__)
    _orders = options(TicketOrder)

    @command
    def open(
        self, client_id: ClientId, *, subject: str, kind: TicketKind = "question", description: str | None = None,
        priority: Priority = "normal", assignee: str | None = None, purchase_id: PurchaseId | None = None,
        at: datetime | None = None,
    ) -> Ticket:  # fmt: skip
        """Open a ticket, now or *at*; a complaint raises the client's `last_complained_at`."""
        unit, check = self._unit, Checks()
        check.id("client_id", client_id)
        subject = check.text("subject", subject)
        check.one_of(options(TicketKind))("kind", kind)
        words = check.maybe(check.prose, "description", description)
        check.one_of(options(Priority))("priority", priority)
        check.maybe(check.key, "assignee", assignee)
        check.maybe(check.id, "purchase_id", purchase_id)
        opened_at = check.past("at", at, unit.now)
        check.done()
        client_id = unit.get(Client, client_id).id
        if purchase_id is not None:
            found = unit.store.get_many(Purchase, [purchase_id])
            if not found or found[0].client_id != client_id:
                check.fault("purchase_id", "not_found", "This client has no such purchase.")
                check.done()
        ticket = unit.insert(
            Ticket(
                id=TicketId(unit.new_id()),
                client_id=client_id,
                purchase_id=purchase_id,
                kind=kind,
                subject=subject,
                description=words,
                priority=priority,
                status="new" if assignee is None else "assigned",
                assignee=assignee,
                opened_at=opened_at,
                responded_at=None,
                resolved_at=None,
                closed_at=None,
                updated_at=unit.now,
            )
        )
        if kind == "complaint":
            unit.keep(client_id, "last_complained_at", opened_at, Ticket)
        unit.happened(TicketOpened(*unit.envelope(), ticket.id, client_id, kind, priority))
        return ticket

    @command
    def update(
        self, id: TicketId, *, version: int | None = None, subject: str | Omitted = KEEP,
        description: str | Omitted | None = KEEP, priority: Priority | Omitted = KEEP,
    ) -> Ticket:  # fmt: skip
        """Change what is given; nothing changed, nothing written."""
        unit, check = self._unit, Checks()
        before = self.get(id)
        urgency = check.one_of(options(Priority))
        after = attrs.evolve(
            before,
            subject=before.subject if subject is KEEP else check.text("subject", subject),
            description=(
                before.description if description is KEEP else check.maybe(check.prose, "description", description)
            ),
            priority=before.priority if priority is KEEP else urgency("priority", priority),
        )
        check.version(version)
        check.done()
        return unit.changed(before, after, version, TicketUpdated, before.client_id)

    @command
    def assign(self, id: TicketId, *, assignee: str | None, version: int | None = None) -> Ticket:
        """Make somebody responsible, or with None put it back among the new."""
        unit, check = self._unit, Checks()
        before = self._unresolved(check, id)
        check.maybe(check.key, "assignee", assignee)
        check.version(version)
        check.done()
        if before.assignee == assignee:
            return unit.unchanged(before, version)
        after = attrs.evolve(before, assignee=assignee, status="new" if assignee is None else "assigned")
        changed = unit.replace(before, after, version)
        unit.happened(TicketAssigned(*unit.envelope(changed.version), id, before.client_id, assignee))
        return changed

    @command
    def respond(self, id: TicketId, *, version: int | None = None) -> Ticket:
        """We answered and wait for the client; the first answer's instant is kept."""
        unit, check = self._unit, Checks()
        before = self._unresolved(check, id)
        check.version(version)
        check.done()
        first = before.responded_at is None
        after = attrs.evolve(before, status="pending", responded_at=unit.now if first else before.responded_at)
        changed = unit.replace(before, after, version)
        told = (id, before.client_id, first, self._since_opened(before))
        unit.happened(TicketResponded(*unit.envelope(changed.version), *told))
        return changed

    @command
    def resolve(self, id: TicketId, *, version: int | None = None) -> Ticket:
        """The matter is settled; a second time changes nothing."""
        unit, check = self._unit, Checks()
        before = self.get(id)
        if before.status == "closed":
            check.fault("id", "closed", "This ticket is closed. Reopen it, or open a new one.")
        check.version(version)
        check.done()
        if before.status == "resolved":
            return unit.unchanged(before, version)
        changed = unit.replace(before, attrs.evolve(before, status="resolved", resolved_at=unit.now), version)
        told = (id, before.client_id, self._since_opened(before))
        unit.happened(TicketResolved(*unit.envelope(changed.version), *told))
        return changed

    @command
    def reopen(self, id: TicketId, *, version: int | None = None) -> Ticket:
        """The matter was not settled after all."""
        unit, check = self._unit, Checks()
        before = self.get(id)
        if before.status in UNRESOLVED:
            check.fault("id", "open", "This ticket is not resolved yet.")
        check.version(version)
        check.done()
        after = attrs.evolve(before, status="reopened", resolved_at=None, closed_at=None)
        changed = unit.replace(before, after, version)
        unit.happened(TicketReopened(*unit.envelope(changed.version), id, before.client_id))
        return changed

    @command
    def close(self, id: TicketId, *, version: int | None = None) -> Ticket:
        """Close it for good; a second time changes nothing."""
        unit, check = self._unit, Checks()
        before = self.get(id)
        check.version(version)
        check.done()
        if before.status == "closed":
            return unit.unchanged(before, version)
        changed = unit.replace(
            before,
            attrs.evolve(before, status="closed", closed_at=unit.now, resolved_at=before.resolved_at or unit.now),
            version,
        )
        unit.happened(TicketClosed(*unit.envelope(changed.version), id, before.client_id))
        return changed

    def list(
        self, *, where: Where | None = None, order_by: TicketOrder = "opened_at", limit: int = 50,
        after: str | None = None, **filters: Unpack[TicketFilters],
    ) -> Page[Ticket]:  # fmt: skip
        """One page of tickets."""
        return self._page(where, filters, order_by, limit, after)

    def count(self, *, where: Where | None = None, **filters: Unpack[TicketFilters]) -> int:
        """How many such tickets there are."""
        return self._count(where, filters)

    def stream(
        self, *, where: Where | None = None, order_by: TicketOrder = "opened_at", **filters: Unpack[TicketFilters]
    ) -> Iterator[Ticket]:
        """Every such ticket, a chunk at a time, inside the block."""
        return self._stream(where, filters, order_by)

    def _unresolved(self, check: Checks, id: TicketId) -> Ticket:
        ticket = self.get(id)
        if ticket.status not in UNRESOLVED:
            check.fault("id", "closed", f"This ticket is {ticket.status}. Reopen it first.")
        return ticket

    def _since_opened(self, ticket: Ticket) -> int:
        return max(0, int((self._unit.now - ticket.opened_at).total_seconds()))
