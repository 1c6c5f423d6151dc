"""What the audit writes down besides changes: the host's choice when a CRM is opened."""

from __future__ import annotations

import attrs

from crmkit.errors import Fault, Invalid


@attrs.frozen
class Audit:
    """
    With *reads*, whose personal data was handed out to whom is written down, once a block.

    >>> from crmkit import CRM
    >>> from crmkit.events import DataRead
    >>> with CRM.open("memory://", audit=Audit(reads=True)) as crm:
    ...     with crm.bind(actor="17").begin() as tx:
    ...         anna = tx.clients.add(name="Anna")
    ...     with crm.bind(actor="18").read() as tx:
    ...         _ = tx.clients.get(anna.id)
    ...     with crm.read() as tx:
    ...         newest = tx.audit.list(limit=1)[0].event
    >>> isinstance(newest, DataRead), newest.actor, newest.kind, newest.client_ids == (anna.id,)
    (True, '18', 'client', True)
    """

    reads: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.reads, bool):
            raise Invalid(Fault("reads", "not_a_flag", "Give True or False."))
