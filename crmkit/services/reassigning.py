"""A client goes from one owner to another, with what is still to be done."""

from __future__ import annotations

from typing import Literal

import attrs

from crmkit.domain.client import Client
from crmkit.domain.events import ClientAssigned, TaskUpdated
from crmkit.domain.query import Query
from crmkit.domain.task import UNFINISHED, Task
from crmkit.domain.where import Test
from crmkit.services.unit import Unit

Tasks = Literal["follow", "stay"]


def reassign(
    unit: Unit, before: Client, owner: str | None, reason: str | None, tasks: Tasks, version: int | None
) -> Client:
    """
    Make *owner* responsible; the former owner's unfinished tasks follow or stay, others' stay theirs.

    Whoever sees the pool may take from it; to give from it to somebody else is to reassign what is theirs.
    """
    after = attrs.evolve(before, owner=owner)
    unit.permits.client("reassign", before)
    if before.owner is None and owner != unit.actor:
        unit.permits.client("reassign", after)
    following = _unfinished(unit, before) if tasks == "follow" and before.owner is not None else []
    changed = unit.replace(before, after, version, permitted=True)
    unit.happened(ClientAssigned(*unit.envelope(changed.version), before.id, before.owner, owner, reason))
    for task in following:
        unit.changed(task, attrs.evolve(task, assignee=owner), None, TaskUpdated, before.id, permitted=True)
    return changed


def _unfinished(unit: Unit, client: Client) -> list[Task]:
    theirs = Test("client_id", "eq", client.id) & Test("assignee", "eq", client.owner)
    return unit.store.select(Query(Task, theirs & Test("status", "in", UNFINISHED)))
