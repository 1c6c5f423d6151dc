"""Something a person still has to do."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.ids import ClientId, DealId, TaskId
from crmkit.domain.marks import Code, Masked, Personal

TaskStatus = Literal["open", "in_progress", "done", "cancelled"]
UNFINISHED: tuple[TaskStatus, ...] = ("open", "in_progress")


@attrs.frozen
class Task(Masked):
    """
    The future. `rule` names what planned it, None for a person.

    >>> from datetime import UTC, datetime
    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     task = tx.tasks.plan(title="Call Anna", due=datetime(2026, 5, 1, 9, tzinfo=UTC), assignee="17")
    ...     task.is_overdue(datetime(2026, 5, 2, tzinfo=UTC))
    True
    """

    id: TaskId
    client_id: ClientId | None
    deal_id: DealId | None
    title: Personal[str]
    due_at: datetime
    assignee: Code[str | None]
    status: TaskStatus
    rule: Code[str | None]
    created_by: Code[str | None]
    created_at: datetime
    completed_at: datetime | None
    updated_at: datetime
    version: int = 1

    def is_overdue(self, now: datetime) -> bool:
        """Say whether it should have been done by *now*."""
        return self.status in UNFINISHED and self.due_at < now
