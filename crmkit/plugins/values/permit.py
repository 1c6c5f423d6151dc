"""The one thing a channel can send by: a permit, good for one message, once, for a few seconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import NoReturn

import attrs

from crmkit.domain.ids import ClientId, MessageId
from crmkit.domain.marks import Masked, Personal
from crmkit.errors import ContactRefused


@attrs.frozen
class Outgoing(Masked):
    """
    What is to be said to whom, as a permit gives it out.

    >>> from crmkit.testing import a_client
    >>> "Anna" in repr(Outgoing(a_client().id, "+79123456789", "Dear Anna"))
    False
    """

    client_id: ClientId
    to: Personal[str]
    text: Personal[str]
    subject: Personal[str | None] = None


class Permit:
    """
    What a channel is given instead of a message: `redeem()` gives the message out, once, while it may be sent.

    Only crmkit makes them, each for one attempt that is written down already; tests ask `crmkit.testing.a_permit`.

    >>> from crmkit.testing import a_permit
    >>> permit = a_permit(text="Your order is ready.")
    >>> permit.redeem().text
    'Your order is ready.'
    >>> permit.redeem()
    Traceback (most recent call last):
    crmkit.errors.ContactRefused: Contact refused (permit_spent). Ask tx.consents.may_contact first, and record a grant if there is one.
    """

    __slots__ = ("_clock", "_ends", "_given", "_lock", "_outgoing", "expires_at", "message_id")

    message_id: MessageId
    #: Until when it holds, by the CRM's clock.
    expires_at: datetime
    _outgoing: Outgoing
    _clock: Callable[[], datetime]
    _ends: float
    _given: bool
    _lock: Lock

    def __init__(self) -> None:
        message = "Only crmkit makes permits: a channel is given one, tests ask crmkit.testing.a_permit."
        raise TypeError(message)

    def redeem(self) -> Outgoing:
        """The message, to be handed over at once; `ContactRefused` the second time, and when it is too late."""
        with self._lock:
            if self._given:
                raise ContactRefused("permit_spent")
            if monotonic() >= self._ends or self._clock() >= self.expires_at:
                raise ContactRefused("permit_expired")
            self._given = True
        return self._outgoing

    @property
    def is_redeemed(self) -> bool:
        """Whether the message was given out: if not, it cannot have been sent."""
        return self._given

    def __repr__(self) -> str:
        return f"Permit({self.message_id})"

    def __reduce__(self) -> NoReturn:
        message = "A permit holds in the process it was made in."
        raise TypeError(message)


def minted(
    id: MessageId, outgoing: Outgoing, expires_at: datetime, clock: Callable[[], datetime], seconds: float
) -> Permit:
    """
    Make a permit that holds for *seconds* at most, and not beyond *expires_at*, whatever happens to either clock.

    For whoever has just committed the attempt, and nobody else.
    """
    permit = object.__new__(Permit)
    permit.message_id, permit.expires_at = id, expires_at
    permit._outgoing, permit._clock = outgoing, clock  # it has no way of its own to be made
    permit._ends, permit._given, permit._lock = monotonic() + seconds, False, Lock()
    return permit
