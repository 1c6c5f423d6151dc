"""Kept instants computed anew, from the records they are kept of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from crmkit.domain.client import Client, Kept
from crmkit.domain.deal import DealStep
from crmkit.domain.purchase import Purchase
from crmkit.domain.query import Query
from crmkit.domain.ticket import Ticket
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.where import EVERYTHING, Test, Where
from crmkit.ports import StorageTransaction

#: Of each kept instant: the kind of record, which of them, and the field whose latest value it is.
_KEPT_OF: dict[Kept, tuple[type[Any], Where, str]] = {
    "last_touched_at": (Touchpoint, EVERYTHING, "occurred_at"),
    "last_bought_at": (Purchase, EVERYTHING, "bought_at"),
    "last_fell_through_at": (DealStep, Test("kind", "eq", "lost"), "at"),
    "last_complained_at": (Ticket, Test("kind", "eq", "complaint"), "opened_at"),
}


def recomputed(store: StorageTransaction, client: Client) -> Client:
    """The client with each kept instant as its records have it: what a verb keeps, and a rebuild puts back."""
    of_client, latest = Test("client_id", "eq", client.id), dict[str, datetime | None]()
    for kept, (kind, which, field) in _KEPT_OF.items():
        found = store.select(Query(kind, of_client & which, field, descending=True, limit=1))
        latest[kept] = getattr(found[0], field) if found else None
    return attrs.evolve(client, **latest)  # type: ignore[arg-type]
