"""What happens to people's data as a whole: who read it, and who read a great deal of it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import attrs

from crmkit.domain.events.envelope import Event
from crmkit.domain.ids import ClientId
from crmkit.domain.marks import Code


@attrs.frozen
class DataRead(Event):
    """Records of one kind, with these clients' personal data in them, were handed out; `user` is empty if nobody was bound."""

    divisible: ClassVar[bool] = True
    user: Code[str]
    kind: Code[str]
    client_ids: tuple[ClientId, ...]


@attrs.frozen
class DataBulkAccessDetected(Event):
    """Somebody read more clients' personal data in the hour that began at `since` than they should."""

    user: Code[str]
    since: datetime
    clients: int
