"""How many clients' data somebody has had in one hour."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.ids import ClientId
from crmkit.domain.marks import Code, Masked


@attrs.frozen
class AccessCount(Masked):
    """
    One row an actor, of the hour that began at `since`; whose data it was, by the end of their ids.

    `told` says that it was too much, once; nobody is counted then until the next hour.

    >>> from datetime import UTC, datetime
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> AccessCount("17", noon, frozenset(), True, noon, noon).told
    True
    """

    id: Code[str]
    since: datetime
    clients: Code[frozenset[str]]
    told: bool
    created_at: datetime
    updated_at: datetime
    version: int = 1


def short(id: ClientId) -> str:
    """
    Write an id's chance bits: enough to tell some thousand clients apart.

    >>> from uuid import UUID
    >>> short(UUID("0190a5f0-7c1e-7000-8000-00000000002a"))
    '800000000000002a'
    """
    return id.hex[16:]
