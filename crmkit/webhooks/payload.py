"""What is posted of an event: ids, codes, amounts and changes, and never a person's data, for events carry none."""

from __future__ import annotations

import hashlib
from typing import Any

from crmkit import to_builtins
from crmkit.events import Event


def payload_of(event: Event) -> dict[str, Any]:
    """
    Put an event the way Standard Webhooks does: its type, its instant, and all it says.

    `subject` is the id of the record it happened to, `version` counts that record's changes: who keeps the highest
    version of each subject, and each webhook-id once, ends the same in whatever order events come.

    >>> from crmkit import CRM
    >>> from crmkit.events import ClientAdded
    >>> crm, told = CRM.open("memory://"), []
    >>> _ = crm.on(ClientAdded)(lambda event: told.append(payload_of(event)))
    >>> with crm.begin() as tx:
    ...     added = tx.clients.add(name="Anna")
    >>> told[0]["type"], told[0]["data"]["subject"] == str(added.id), "Anna" in str(told)
    ('client.added', True, False)
    """
    said: dict[str, Any] = to_builtins(event)
    topic, at = said.pop("topic"), said.pop("at")
    return {"type": topic, "timestamp": at, "data": {**said, "subject": str(event.subject)}}


def webhook_id(key: str) -> str:
    """
    Name a delivery to the other side: the same at every attempt, and without a dot, which signatures divide by.

    >>> webhook_id("1:webhooks.shop") == webhook_id("1:webhooks.shop"), len(webhook_id("1:webhooks.shop"))
    (True, 36)
    """
    return f"msg_{hashlib.sha256(key.encode()).hexdigest()[:32]}"
