"""Someone we do business with, and how they come and go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import attrs

from crmkit.domain.custom import Custom
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId, ExternalIdId
from crmkit.domain.marks import Code, Masked, Personal
from crmkit.domain.source import Source

ClientKind = Literal["person", "organization"]
Lifecycle = Literal["prospect", "active", "dormant", "lost", "archived"]
MarketLevel = Literal["ours", "competitor", "potential"]
Kept = Literal["last_touched_at", "last_bought_at", "last_fell_through_at", "last_complained_at"]
KEPT: tuple[Kept, ...] = ("last_touched_at", "last_bought_at", "last_fell_through_at", "last_complained_at")


@attrs.frozen
class Client(Masked):
    """
    A person or an organization. A lead is a client in the lifecycle state `prospect`.

    The `last_…` instants are kept by crmkit from what happens to the client; they change without a new version.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     tx.clients.add(name="Anna").lifecycle
    'prospect'
    """

    id: ClientId
    kind: ClientKind
    name: Personal[str]
    lifecycle: Lifecycle
    owner: Code[str | None]
    source: Source
    market_level: MarketLevel
    region: Code[str | None]
    language: Code[str | None]
    time_zone: Code[str | None]
    tags: Code[frozenset[str]]
    custom: Custom
    external_ids: Code[FrozenMap[str, str]]
    archived_from: Lifecycle | None
    created_by: Code[str | None]
    created_at: datetime
    updated_at: datetime
    last_touched_at: datetime | None = None
    last_bought_at: datetime | None = None
    last_fell_through_at: datetime | None = None
    last_complained_at: datetime | None = None
    version: int = 1


@attrs.frozen
class ExternalId(Masked):
    """
    The name another system has for a client: one client per system and value.

    >>> from uuid import uuid4
    >>> ExternalId(uuid4(), uuid4(), "shop", "42").system
    'shop'
    """

    id: ExternalIdId
    client_id: ClientId
    system: Code[str]
    value: Code[str]


def idle_since(client: Client) -> datetime:
    """When this client was last in touch or bought; if neither ever was, when they were added."""
    heard = [at for at in (client.last_touched_at, client.last_bought_at) if at is not None]
    return max(heard) if heard else client.created_at


def is_idle(client: Client, now: datetime, dormant_after: timedelta) -> bool:
    """Say whether an active client has been silent for at least *dormant_after*."""
    return client.lifecycle == "active" and idle_since(client) <= now - dormant_after
