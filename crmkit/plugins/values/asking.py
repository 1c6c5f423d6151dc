"""What hooks are asked with while somebody reads."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.contact_point import PointKind
from crmkit.domain.marks import Masked, Personal


@attrs.frozen
class Address(Masked):
    """
    Where somebody reached us from: a phone, an email, a handle, and the key it is matched by.

    >>> Address("phone", "8 912 345-67-89", "+79123456789")
    Address(kind='phone', value=…, match_key=…)
    """

    kind: PointKind
    value: Personal[str]
    match_key: Personal[str | None]


@attrs.frozen
class Window:
    """
    A part of a timeline: older than `before` (None: from now on back), and not older than `since` (None: to the end).

    >>> Window().since is None
    True
    """

    before: datetime | None = None
    since: datetime | None = None
