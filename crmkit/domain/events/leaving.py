"""What leaves the house in bulk."""

from __future__ import annotations

from typing import ClassVar

import attrs

from crmkit.domain.events.envelope import Event
from crmkit.domain.export import ExportState
from crmkit.domain.ids import ClientId, ExportId
from crmkit.domain.marks import Code


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
