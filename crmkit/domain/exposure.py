"""Whose data somebody had, which of it, and when."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.ids import ClientId
from crmkit.domain.marks import Code


@attrs.frozen
class Exposed:
    """
    One client's data that was read, exported or changed.

    `what` are kinds of records (`note`), and of changes the fields (`client.name`); `how` the topics of the events.

    >>> from datetime import UTC, datetime
    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm:
    ...     with crm.begin() as tx:
    ...         _ = tx.notes.add(tx.clients.add(name="Anna").id, text="Prefers mornings.")
    ...     with crm.read() as tx:
    ...         (one,) = tx.audit.exposure(since=datetime(2026, 1, 1, tzinfo=UTC)).clients
    >>> sorted(one.what), sorted(one.how)
    (['client', 'note'], ['client.added', 'note.added'])
    """

    client_id: ClientId
    what: Code[frozenset[str]]
    how: Code[frozenset[str]]
    first: datetime
    last: datetime


@attrs.frozen
class Exposure:
    """
    Everybody whose data it was, by id; how many events told of it, and the instants of the first and the last one.

    >>> from datetime import UTC, datetime
    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm:
    ...     with crm.bind(actor="17").begin() as tx:
    ...         _ = tx.clients.update(tx.clients.add(name="Ana").id, name="Anna")
    ...     with crm.read() as tx:
    ...         seen = tx.audit.exposure(actor="17", since=datetime(2026, 1, 1, tzinfo=UTC))
    >>> seen.events, [sorted(one.what) for one in seen.clients]
    (2, [['client', 'client.name']])
    """

    clients: tuple[Exposed, ...] = ()
    events: int = 0
    first: datetime | None = None
    last: datetime | None = None
