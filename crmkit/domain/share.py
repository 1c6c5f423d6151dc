"""A client shared with somebody who does not own it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.ids import ClientId, ShareId
from crmkit.domain.marks import Code, Masked

Right = Literal["read", "write"]


@attrs.frozen
class Share(Masked):
    """
    One user may see a client, or with `write` also work on it, *until* an instant (None: until it is revoked).

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna", owner="17")
    ...     _ = tx.users.put("18", name="Boris")
    ...     tx.shares.grant(anna.id, user="18", right="write").user
    '18'
    """

    id: ShareId
    client_id: ClientId
    user: Code[str]
    right: Right
    until: datetime | None
    created_by: Code[str | None]
    created_at: datetime
