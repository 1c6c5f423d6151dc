"""Kept instants computed anew, from the records they are kept of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import attrs

from crmkit.domain.client import KEPT, Client, Kept
from crmkit.domain.deal import DealStep
from crmkit.domain.ids import ClientId
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


def recomputed(store: StorageTransaction, clients: Sequence[Client]) -> list[Client]:
    """The clients with each kept instant as their records have it: what verbs keep, and a rebuild puts back."""
    theirs = Test("client_id", "in", tuple([client.id for client in clients]))
    latest: dict[tuple[ClientId, Kept], datetime] = {}
    for kept, (kind, which, field) in _KEPT_OF.items():
        instant = attrgetter(field)
        for record in store.select(Query(kind, theirs & which)):
            known = latest.get((record.client_id, kept))
            if known is None or known < instant(record):
                latest[record.client_id, kept] = instant(record)
    return [_with_kept(client, [latest.get((client.id, kept)) for kept in KEPT]) for client in clients]


def _with_kept(client: Client, instants: Sequence[datetime | None]) -> Client:
    return attrs.evolve(client, **dict(zip(KEPT, instants, strict=True)))  # type: ignore[arg-type]


def rebuild_some(store: StorageTransaction, after: ClientId | None, limit: int) -> tuple[list[ClientId], int]:
    """
    Put right what is kept beside the records of the next *limit* clients by id: whom it were, and how many were wrong.

    What the storage itself derives comes first, for it holds the clients' rows meanwhile.
    """
    beyond = EVERYTHING if after is None else Test("id", "gt", after)
    ids = [client.id for client in store.select(Query(Client, beyond, limit=limit))]
    wrong = store.refresh(ids)
    clients = store.get_many(Client, ids)
    for before, right in zip(clients, recomputed(store, clients), strict=True):
        if any(getattr(before, kept) != getattr(right, kept) for kept in KEPT):
            store.put_back(right)
            wrong += 1
    return ids, wrong
