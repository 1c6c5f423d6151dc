"""Whoever reads more clients in an hour than they should is told of, once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from crmkit.domain.access_count import AccessCount, short
from crmkit.domain.events import DataBulkAccessDetected
from crmkit.domain.ids import ClientId
from crmkit.ports import StorageTransaction

if TYPE_CHECKING:
    from crmkit.services.unit import Unit


def counted(
    unit: Unit, store: StorageTransaction, actor: str, clients: Iterable[ClientId], most: int
) -> DataBulkAccessDetected | None:
    """Count these clients to the actor's present hour, in this transaction; say so if that is more than *most*."""
    store.lock([f"access_count:{actor}"])
    hour = unit.now.replace(minute=0, second=0, microsecond=0)
    before = next(iter(store.get_many(AccessCount, [actor])), None)
    known = before if before is not None and before.since == hour else None
    if known is not None and known.told:
        return None
    had = known.clients if known is not None else frozenset[str]()
    now = had | {short(id) for id in clients}
    if now == had:
        return None
    told = len(now) > most
    count = AccessCount(actor, hour, frozenset() if told else now, told, unit.now, unit.now)
    if before is None:
        store.insert(count)
    else:
        counted_up = attrs.evolve(count, created_at=before.created_at, version=before.version + 1)
        store.replace(counted_up, before.version)
    return DataBulkAccessDetected(*unit.envelope(), actor, hour, len(now)) if told else None
