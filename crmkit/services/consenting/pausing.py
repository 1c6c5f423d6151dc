"""Replies that a person has yet to read: as long as one waits, nothing goes to whoever wrote it."""

from __future__ import annotations

from datetime import timedelta

from crmkit.domain.ids import ClientId
from crmkit.domain.query import Query
from crmkit.domain.task import Task
from crmkit.domain.where import Test
from crmkit.services.unit import Unit

#: What the task is named by that asks a person what a reply means.
UNCLEAR = "unclear_reply"
#: When whoever waits for it asks again.
ASKED_AGAIN = timedelta(days=1)


def is_paused(unit: Unit, client_id: ClientId) -> bool:
    """Whether a person has yet to say what a reply of theirs means."""
    waits = Test("status", "in", ("open", "in_progress"))
    asked = Test("client_id", "eq", client_id) & Test("rule", "eq", UNCLEAR) & waits
    return bool(unit.store.select(Query(Task, asked, limit=1)))
