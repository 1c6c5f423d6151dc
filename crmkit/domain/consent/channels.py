"""The ways to reach people that a client allows or refuses, and the addresses on them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from crmkit.domain.consent.ledger import EVERY, Consent
from crmkit.domain.contact_point import PointKind

#: The families of channels; a messenger may be named more closely, as `messenger:telegram`.
CHANNELS: Final = frozenset({"email", "sms", "voice", "voice_auto", "messenger", "post", "push"})
#: Which contact points each family reaches people by; push has none, its tokens are the application's own.
REACHED_BY: Final[dict[str, tuple[PointKind, ...]]] = {
    "email": ("email",),
    "sms": ("phone",),
    "voice": ("phone",),
    "voice_auto": ("phone",),
    "messenger": ("messenger", "social"),
    "post": ("postal",),
    "push": (),
}
LONGEST_ENDPOINT: Final = 320


def family(channel: str) -> str:
    """
    The family that a channel is of.

    >>> family("messenger:telegram"), family("sms")
    ('messenger', 'sms')
    """
    return channel.partition(":")[0]


def is_channel(channel: object) -> bool:
    """
    Whether this names a channel, of a family that is known.

    >>> [is_channel(one) for one in ("email", "messenger:telegram", "mail", "sms:eu", "messenger:")]
    [True, True, False, False, False]
    """
    named, colon, network = channel.partition(":") if isinstance(channel, str) else ("", "", "")
    return named in CHANNELS and (not colon or (named == "messenger" and bool(network)))


def same_as(channel: str, endpoint: str) -> tuple[str, ...]:
    """
    The channel, and how else this address of it may be named: an account of a messenger names its network.

    >>> same_as("messenger", "telegram:anna"), same_as("sms", "+79123456789")
    (('messenger', 'messenger:telegram'), ('sms',))
    """
    network, colon, _ = endpoint.partition(":")
    return (channel, f"messenger:{network}") if channel == "messenger" and colon else (channel,)


def covers(said: Consent, purposes: Collection[str], channel: str, endpoint: str) -> bool:
    """Whether what was said is about a cell, whose purpose has several names; `messenger` is about every messenger, whichever way it is named."""
    return (
        said.purpose in purposes
        and (said.channel in (EVERY, *same_as(channel, endpoint)) or channel.startswith(f"{said.channel}:"))
        and said.endpoint in (EVERY, endpoint)
    )
