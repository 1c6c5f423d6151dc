"""Rows that left the house: who took them, why, how many."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.ids import ExportId
from crmkit.domain.marks import Code, Masked

ExportState = Literal["running", "done", "cut_short"]


@attrs.frozen
class Export(Masked):
    """
    One export by one actor: `rows` counts what was handed out so far, `sha256` is of all of it, once it is over.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm:
    ...     with crm.begin() as tx:
    ...         _ = tx.clients.add(name="Anna")
    ...     export = crm.export_clients(reason="newsletter")
    ...     names = [row["name"] for row in export]
    >>> names, export.record.rows, export.record.state
    (['Anna'], 1, 'done')
    """

    id: ExportId
    actor: Code[str | None]
    what: Code[str]
    reason: Code[str]
    rows: int
    sha256: Code[str | None]
    state: ExportState
    created_at: datetime
    updated_at: datetime
    version: int = 1
