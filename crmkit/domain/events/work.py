"""What happens to tasks, notes and tickets."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.events.envelope import Change, Event
from crmkit.domain.ids import ClientId, DealId, NoteId, TaskId, TicketId
from crmkit.domain.marks import Code
from crmkit.domain.note import NoteKind
from crmkit.domain.ticket import Priority, TicketKind


@attrs.frozen
class TaskPlanned(Event):
    """Somebody has something to do."""

    task_id: TaskId
    client_id: ClientId | None
    deal_id: DealId | None
    assignee: Code[str | None]
    due_at: datetime
    rule: Code[str | None]


@attrs.frozen
class TaskUpdated(Event):
    """Fields of a task changed."""

    task_id: TaskId
    client_id: ClientId | None
    changes: tuple[Change, ...]


@attrs.frozen
class TaskStarted(Event):
    """Somebody is at it."""

    task_id: TaskId
    client_id: ClientId | None


@attrs.frozen
class TaskPostponed(Event):
    """A task is due later, or sooner."""

    task_id: TaskId
    client_id: ClientId | None
    was_due_at: datetime
    due_at: datetime


@attrs.frozen
class TaskCompleted(Event):
    """A task is done."""

    task_id: TaskId
    client_id: ClientId | None


@attrs.frozen
class TaskCancelled(Event):
    """A task need not be done."""

    task_id: TaskId
    client_id: ClientId | None
    reason: Code[str | None]


@attrs.frozen
class NoteAdded(Event):
    """Somebody wrote something down."""

    note_id: NoteId
    client_id: ClientId
    deal_id: DealId | None
    kind: NoteKind


@attrs.frozen
class NoteUpdated(Event):
    """A note was corrected."""

    note_id: NoteId
    client_id: ClientId
    changes: tuple[Change, ...]


@attrs.frozen
class TicketOpened(Event):
    """A client asked for something, or complained."""

    ticket_id: TicketId
    client_id: ClientId
    kind: TicketKind
    priority: Priority


@attrs.frozen
class TicketUpdated(Event):
    """Fields of a ticket changed."""

    ticket_id: TicketId
    client_id: ClientId
    changes: tuple[Change, ...]


@attrs.frozen
class TicketAssigned(Event):
    """Somebody is responsible for a ticket."""

    ticket_id: TicketId
    client_id: ClientId
    assignee: Code[str | None]


@attrs.frozen
class TicketResponded(Event):
    """A ticket was answered and waits for the client."""

    ticket_id: TicketId
    client_id: ClientId
    first: bool
    seconds: int


@attrs.frozen
class TicketResolved(Event):
    """A ticket's matter is settled."""

    ticket_id: TicketId
    client_id: ClientId
    seconds: int


@attrs.frozen
class TicketReopened(Event):
    """A ticket's matter was not settled after all."""

    ticket_id: TicketId
    client_id: ClientId


@attrs.frozen
class TicketClosed(Event):
    """A ticket is closed for good."""

    ticket_id: TicketId
    client_id: ClientId
