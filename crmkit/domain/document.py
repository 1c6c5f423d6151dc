"""A file kept with a client, a deal or a touchpoint: what is known of it, beside its content."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.ids import ClientId, DealId, DocumentId, TouchpointId
from crmkit.domain.marks import Code, Masked, Personal
from crmkit.domain.source import Source


@attrs.frozen
class Document(Masked):
    """
    A recording, an attachment, a contract. Its content lies beside the records, under its id, and never changes.

    The same `external_id` of the same `origin` is kept once. `size` counts bytes, `sha256` is of all of them.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    ...     paper = tx.documents.add(client_id=anna.id, name="Contract Anna.pdf", content=b"%PDF-1.7", kind="contract")
    ...     paper.media_type, paper.size, "Anna" in repr(paper)
    ('application/pdf', 8, False)
    """

    id: DocumentId
    client_id: ClientId | None
    deal_id: DealId | None
    touchpoint_id: TouchpointId | None
    kind: Code[str]
    name: Personal[str]
    media_type: Code[str]
    size: int
    sha256: Code[str]
    origin: Code[str | None]
    external_id: Code[str | None]
    source: Source
    created_at: datetime
    updated_at: datetime
    version: int = 1
