"""A way to reach people, as a plugin brings it."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from crmkit.domain.contact_point import PointKind
from crmkit.domain.ids import ClientId
from crmkit.domain.marks import Code, Masked, Personal


@attrs.frozen
class Message(Masked):
    """
    What is to be said to whom.

    >>> from crmkit.testing import a_client
    >>> "Anna" in repr(Message(a_client().id, "+79123456789", "Dear Anna"))
    False
    """

    client_id: ClientId
    to: Personal[str]
    text: Personal[str]


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
    A way to reach people: `send(message, key)` hands over to a provider and returns its receipt.

    The same *key* must never send twice; raise `Retry` if the provider could not take it.

    >>> Channel("sms", ("phone",), lambda message, key: Receipt()).name
    'sms'
    """

    name: str
    reaches: tuple[PointKind, ...]
    send: Callable[[Message, str], Receipt] = attrs.field(repr=False)
