"""What somebody wrote down about a client or a deal."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.ids import ClientId, DealId, NoteId
from crmkit.domain.marks import Code, Masked, Personal

NoteKind = Literal["general", "request", "objection", "doubt"]


@attrs.frozen
class Note(Masked):
    """
    A special request, an objection, a doubt, or anything else worth keeping.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     note = tx.notes.add(tx.clients.add(name="Anna").id, text="Never call before ten.", kind="request")
    ...     note.kind, "ten" in repr(note)
    ('request', False)
    """

    id: NoteId
    client_id: ClientId
    deal_id: DealId | None
    kind: NoteKind
    text: Personal[str]
    author: Code[str | None]
    created_at: datetime
    updated_at: datetime
    version: int = 1
