"""Places that messages of marketing take, so that nobody gets more than the caps allow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from crmkit.domain.consent.policy import Cap
from crmkit.domain.ids import ClientId, MessageId, SlotId
from crmkit.domain.marks import Code, Masked


@attrs.frozen
class Slot(Masked):
    """
    The *number*th place of one cap for one person, taken by a message until `free_at`: no two hold the same at once.

    >>> from crmkit.testing import a_client, a_slot
    >>> a_slot(a_client(), cap="*:3:604800").number
    1
    """

    id: SlotId
    client_id: ClientId
    orig_subject: ClientId
    cap: Code[str]
    number: int
    taken_by: MessageId
    taken_at: datetime
    free_at: datetime
    created_at: datetime
    updated_at: datetime
    version: int = 1


def full_until(caps: Iterable[Cap], slots: Iterable[Slot], channel: str, now: datetime) -> datetime | None:
    """Until when no more may be sent on a channel; None: it may."""
    taken = [one for one in slots if one.free_at > now]
    waits = list[datetime]()
    for cap in caps:
        if cap.counts(channel):
            ends = sorted([one.free_at for one in taken if one.cap == cap.key])
            if len(ends) >= cap.most:
                waits.append(ends[len(ends) - cap.most])  # as many must end as are too many
    return max(waits, default=None)
