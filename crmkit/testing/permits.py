"""Permits, for those who test what a channel does with one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crmkit.domain.ids import ClientId, MessageId
from crmkit.plugins.values.permit import Outgoing, Permit, minted
from crmkit.testing.builders import new_id


def a_permit(
    *, to: str = "+79123456789", text: str = "Your order is ready.", subject: str | None = None, seconds: float = 5
) -> Permit:
    """
    A permit for one message, which holds for some *seconds*, 0 for one that has expired.

    >>> a_permit(to="anna@example.org").redeem().to
    'anna@example.org'
    """
    outgoing = Outgoing(ClientId(new_id()), to, text, subject)
    now = datetime.now(UTC)
    return minted(MessageId(new_id()), outgoing, now + timedelta(seconds=60), lambda: now, seconds)
