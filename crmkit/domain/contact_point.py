"""One way to reach a client."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.ids import ClientId, ContactId, ContactPointId
from crmkit.domain.marks import Code, Masked, Personal

PointKind = Literal["phone", "email", "messenger", "social", "postal"]
PointStatus = Literal["unverified", "verified", "suspect", "invalid"]


@attrs.frozen
class ContactPoint(Masked):
    """
    The spelling as given, beside the key that equal spellings share.

    A spelling that could not be read and was kept all the same has no `match_key` and the status `suspect`.
    `normalizer` names what made the key, so that keys can be made again when it learns better. Contact points are
    not unique: families and firms share them.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://", region="RU") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    ...     point = tx.contact_points.add(anna.id, phone="8 (912) 345-67-89")
    ...     point.match_key
    '+79123456789'
    """

    id: ContactPointId
    client_id: ClientId
    contact_id: ContactId | None
    kind: PointKind
    network: Code[str | None]
    value: Personal[str]
    match_key: Personal[str | None]
    normalizer: Code[str]
    primary: bool
    status: PointStatus
    verified_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int = 1
