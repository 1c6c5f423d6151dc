"""Clients who may be one and the same, and those who are known not to be."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.client import Client
from crmkit.domain.contact_point import PointKind
from crmkit.domain.ids import ApartId, ClientId
from crmkit.domain.marks import Code, Masked, Personal


@attrs.frozen
class Duplicates(Masked):
    """
    Several clients who are reached by the same phone, email or handle; the oldest first.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://", region="RU") as crm, crm.begin() as tx:
    ...     for name in ("Anna", "Anna P."):
    ...         _ = tx.clients.add(name=name, phone="8 912 345-67-89")
    ...     (same,) = tx.clients.duplicates()
    >>> same.kind, [client.name for client in same.clients]
    ('phone', ['Anna', 'Anna P.'])
    """

    kind: PointKind
    match_key: Personal[str]
    clients: tuple[Client, ...]


@attrs.frozen
class Apart(Masked):
    """
    Two clients who share a way to be reached and are two: `tx.clients.keep_apart` said so.

    >>> from datetime import UTC, datetime
    >>> from uuid import UUID
    >>> one, other = ClientId(UUID(int=1)), ClientId(UUID(int=2))
    >>> Apart(ApartId(UUID(int=3)), one, other, "17", datetime(2026, 1, 1, tzinfo=UTC)).created_by
    '17'
    """

    id: ApartId
    client_id: ClientId
    other_id: ClientId
    created_by: Code[str | None]
    created_at: datetime
