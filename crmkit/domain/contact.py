"""A human who can be reached for a client."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.ids import ClientId, ContactId
from crmkit.domain.marks import Code, Masked, Personal

#: The role of one who decides on a purchase; roles are otherwise an open set of codes.
DECISION_MAKER = "decision_maker"


@attrs.frozen
class Contact(Masked):
    """
    Somebody at a client: an accountant, a spouse, the one who decides.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     firm = tx.clients.add(name="Ada Ltd", kind="organization")
    ...     boss = tx.contacts.add(firm.id, name="Ada", roles=["decision_maker"])
    ...     [one.id == boss.id for one in tx.clients.decision_makers(firm.id)]
    [True]
    """

    id: ContactId
    client_id: ClientId
    name: Personal[str]
    position: Personal[str | None]
    roles: Code[frozenset[str]]
    created_at: datetime
    updated_at: datetime
    version: int = 1
