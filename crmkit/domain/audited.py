"""What the audit says of one event."""

from __future__ import annotations

import attrs

from crmkit.domain.events import Event
from crmkit.domain.personal_change import PersonalChange


@attrs.frozen
class Audited:
    """
    An event, and what the personal fields held that it names without saying it.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm:
    ...     with crm.bind(actor="17").begin() as tx:
    ...         tx.clients.update(tx.clients.add(name="Ana").id, name="Anna").name
    ...     with crm.read() as tx:
    ...         (last,) = tx.audit.list(limit=1)
    'Anna'
    >>> last.event.actor, last.event.topic, last.personal[0].before, last.personal[0].after
    ('17', 'client.updated', 'Ana', 'Anna')
    """

    event: Event
    personal: tuple[PersonalChange, ...] = ()
