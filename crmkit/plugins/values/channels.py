"""A way to reach people, as a plugin brings it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import attrs

from crmkit.domain.contact_point import PointKind
from crmkit.domain.marks import Code
from crmkit.plugins.values.permit import Permit


@attrs.frozen
class Receipt:
    """
    What a provider answered: its id for the message, if it gave one.

    >>> Receipt("sms-17").reference
    'sms-17'
    """

    reference: Code[str | None] = None


@attrs.frozen
class Channel:
    """
    A way to reach people: `send(permit, key)` redeems the permit, hands over to a provider and returns its receipt.

    Raise `Retry` if the provider did not take it, `Drop` if it never will. What else is raised after the permit was
    redeemed leaves unknown whether the message went; *unknown* says what follows: `hold` it for a person, or `retry`
    under the same key, for providers that never send one key twice (an email with the same Message-ID).

    >>> Channel("sms", ("phone",), lambda permit, key: Receipt()).unknown
    'hold'
    """

    name: str
    reaches: tuple[PointKind, ...]
    send: Callable[[Permit, str], Receipt] = attrs.field(repr=False)
    unknown: Literal["retry", "hold"] = "hold"
