"""What happens to people's data as a whole: who read it, who read a great deal of it, and who took it out of the house."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import attrs

from crmkit.domain.events.envelope import Event
from crmkit.domain.export import ExportState
from crmkit.domain.ids import ClientId, ExportId
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


@attrs.frozen
class DataTaken(Event):
    """Rows of a running export are about to be handed out: of these clients, with these fields."""

    divisible: ClassVar[bool] = True
    export_id: ExportId
    client_ids: tuple[ClientId, ...]
    fields: tuple[Code[str], ...]


@attrs.frozen
class DataExported(Event):
    """An export is over: so many rows left the house, whose text has this digest."""

    export_id: ExportId
    what: Code[str]
    reason: Code[str]
    rows: int
    sha256: Code[str]
    state: ExportState
