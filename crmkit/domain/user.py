"""The host's people and teams, mirrored under the host's own keys."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.marks import Code, Masked, Personal


@attrs.frozen
class Team(Masked):
    """
    A team; teams form a tree.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> Team("sales", "Sales", parent="shop", lead="2", created_at=now, updated_at=now).parent
    'shop'
    """

    id: Code[str]
    name: Personal[str]
    parent: Code[str | None]
    lead: Code[str | None]
    created_at: datetime
    updated_at: datetime
    version: int = 1


@attrs.frozen
class User(Masked):
    """
    One of the host's people: who owns clients, gets tasks, and acts; `roles` are names in the host's access policy.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> User("17", "Anna", email=None, team="sales", active=True, created_at=now, updated_at=now).name
    'Anna'
    """

    id: Code[str]
    name: Personal[str]
    email: Personal[str | None]
    team: Code[str | None]
    active: bool
    created_at: datetime
    updated_at: datetime
    version: int = 1
    roles: Code[frozenset[str]] = frozenset()
