"""An event on its way to one who must hear of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.ids import DeliveryId, EventId
from crmkit.domain.marks import Code

DeliveryState = Literal["waiting", "dead"]


@attrs.frozen
class Delivery:
    """
    One event for one subscriber; gone once it is told.

    `entry` and `place` say where in the journal the event stands. `due_at` is when it may be told next: of one that
    is being told just now, when somebody else may take over. `error` is the type and place of what was raised last,
    never its text.

    >>> from crmkit.testing import a_record
    >>> a_record(Delivery, state="waiting").attempts
    1
    """

    id: DeliveryId
    entry: int
    place: int
    event_id: EventId
    topic: Code[str]
    subject: Code[str]
    subscriber: Code[str]
    state: DeliveryState
    attempts: int
    depth: int
    due_at: datetime
    claimed_by: Code[str | None]
    error: Code[str | None]
    created_at: datetime
    updated_at: datetime
    version: int = 1
