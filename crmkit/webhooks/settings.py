"""What an operator says of web hooks: where they go, what they tell, and how it is proven who sent them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from crmkit.errors import Invalid
from crmkit.plugins import HTTP, Secret, Url, setting, settings_class, sign

_is_name = re.compile(r"[a-z][a-z0-9_-]{0,39}").fullmatch
#: Longer than anybody's answer should take, and well within the time that a delivery is claimed for.
LONGEST = timedelta(seconds=30)


def _signing(_: Any, __: attrs.Attribute[Any], secrets: tuple[Secret, ...]) -> None:
    try:
        sign([one.reveal() for one in secrets], "m", datetime(2026, 1, 1, tzinfo=UTC), b"")
    except Invalid:
        wrong = True
    else:
        wrong = False
    if wrong:  # not inside the `except`: the error has no context, and so no secret
        raise ValueError("Give one secret or more, each as `crmkit webhooks secret` prints it.")


def _within(_: Any, __: attrs.Attribute[Any], timeout: timedelta) -> None:
    if not timedelta() < timeout <= LONGEST:
        raise ValueError("Give more than no time, and at most 30 seconds.")


def _named(_: Any, __: attrs.Attribute[Any], targets: Mapping[str, Target]) -> None:
    if not all(map(_is_name, targets)):
        raise ValueError("Name each target with up to 40 small letters, digits, dashes and underscores.")


def _places(_: Any, __: attrs.Attribute[Any], allow: tuple[str, ...]) -> None:
    try:
        HTTP(allow)
    except Invalid:
        raise ValueError("Write exactly host:port each, such as crm.internal:8443.") from None


@settings_class
class Target:
    """
    One system that hears of events: its URL, what it hears of, and its secrets.

    >>> Target(url=Url("https://shop.example/hook"), secrets=(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),))
    Target(url=…, topics=('*',), secrets=(Secret('***'),), timeout=datetime.timedelta(seconds=10), attempts=8)
    """

    url: Url = attrs.field(repr=lambda _: "…", metadata={"crmkit.help": "Where events are posted to."})
    topics: tuple[str, ...] = setting(
        default=("*",),
        help='Which events: "deal.won", "deal.*", or "*" for all.',
        validator=attrs.validators.min_len(1),
    )
    secrets: tuple[Secret, ...] = setting(
        help="Each signs every post; two while a new one replaces an old one.", validator=_signing
    )
    timeout: timedelta = setting(default=timedelta(seconds=10), help="For the whole exchange.", validator=_within)
    attempts: int = setting(
        default=8, help="How often one event is tried.", validator=[attrs.validators.ge(1), attrs.validators.le(100)]
    )


@settings_class
class WebHookSettings:
    """
    Every target by a name of the operator's, and which inner systems may be posted to.

    >>> WebHookSettings(targets={})
    WebHookSettings(targets={}, allow=())
    """

    targets: Mapping[str, Target] = setting(help="Who hears of events, by name.", validator=_named)
    allow: tuple[str, ...] = setting(
        default=(), help="Inner systems that may be reached, each exactly as host:port.", validator=_places
    )
