"""What happens to documents."""

from __future__ import annotations

import attrs

from crmkit.domain.events.envelope import Change, Event
from crmkit.domain.ids import ClientId, DealId, DocumentId, TouchpointId
from crmkit.domain.marks import Code


@attrs.frozen
class DocumentAdded(Event):
    """A file is kept with a client, a deal or a touchpoint."""

    document_id: DocumentId
    client_id: ClientId | None
    deal_id: DealId | None
    touchpoint_id: TouchpointId | None
    kind: Code[str]
    media_type: Code[str]
    size: int


@attrs.frozen
class DocumentUpdated(Event):
    """What is known of a document changed; its content never does."""

    document_id: DocumentId
    client_id: ClientId | None
    changes: tuple[Change, ...]


@attrs.frozen
class DocumentRemoved(Event):
    """A document is gone, and its content with it."""

    document_id: DocumentId
    client_id: ClientId | None
