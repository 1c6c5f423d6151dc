"""One event on its way to one subscriber."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.ids import DeliveryId, EventId
from crmkit.domain.marks import Code, Masked

DeliveryState = Literal["waiting", "dead"]


@attrs.frozen
class Delivery(Masked):
    """
    One event of a journal entry for one subscriber; what was delivered is deleted.

    `entry` and `place` say where the event stands in the journal, `subject` is its subject's id as text. A claim is a
    lease: until `due_at` it is `claimed_by` somebody, afterwards it is due again. `error` names a type and a place.

    >>> from crmkit.testing import a_delivery
    >>> a_delivery(subscriber="bell.client_added").plugin
    'bell'
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
    due_at: datetime
    claimed_by: Code[str | None]
    error: Code[str | None]
    created_at: datetime
    updated_at: datetime
    version: int = 1

    @property
    def plugin(self) -> str:
        """Whose subscriber it is for: what stands before the first dot."""
        return self.subscriber.partition(".")[0]

    @property
    def key(self) -> str:
        """The same at every attempt: what a receiver tells repetitions by."""
        return f"{self.event_id}:{self.subscriber}"
