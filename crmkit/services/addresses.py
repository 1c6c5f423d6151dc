"""Where a message goes: the address that was given, or the first of a client's that its channel reaches."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmkit.domain.contact_point import ContactPoint, PointKind
from crmkit.domain.email import email_key
from crmkit.domain.handle import handle_key, postal_key
from crmkit.domain.ids import ClientId, ContactPointId
from crmkit.domain.phone import phone_key
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.services.checks import LINE, Checks
from crmkit.services.unit import Unit


@attrs.frozen
class To:
    """An address as it is shown, the key of it (None if nobody can reach it here), and its contact point."""

    value: str
    endpoint: str | None
    contact_point_id: ContactPointId | None = None


def network_of(channel: str) -> str | None:
    """
    The network that a channel of messengers is of.

    >>> network_of("messenger:telegram"), network_of("sms")
    ('telegram', None)
    """
    return channel.partition(":")[2] or None


def spelled(kinds: Sequence[PointKind], channel: str, raw: str, region: str | None) -> str | None:
    """The key of an address that somebody spelled, None if no kind that the channel reaches reads like this."""
    for kind in kinds if 0 < len(raw) <= LINE else ():
        if kind == "phone":
            key = phone_key(raw, region)
        elif kind == "email":
            key = email_key(raw)
        elif kind == "postal":
            key = postal_key(raw)
        else:
            key = _handle(network_of(channel), raw)
        if key:
            return key[:320]
    return None


def _handle(network: str | None, raw: str) -> str | None:
    """A name in a messenger means nothing without its network, said with the channel or before a colon."""
    said, colon, name = raw.partition(":")
    if colon and network in (None, said):
        return handle_key(said, name) if said and name.strip("@ ") else None
    return None if network is None or not raw.strip("@ ") else handle_key(network, raw)


def chosen(
    unit: Unit, check: Checks, client_id: ClientId, channel: str, id: ContactPointId | None, spelling: str | None
) -> To | None:
    """
    Where a message to a client goes on a channel; None if there is no such address.

    A contact point that was asked for and is not theirs, or reaches nobody by this channel, is a fault; so is a
    spelling that nobody can read.
    """
    kinds = unit.rules.channels.get(channel, ())
    if spelling is not None:
        key = spelled(kinds, channel, spelling, unit.rules.region)
        if key is None and kinds:
            check.fault("to", "not_an_address", f"This is no {' or '.join(kinds)}.")
        return To(spelling, key)
    points = unit.store.select(Query(ContactPoint, Test("client_id", "eq", client_id)))
    if id is None:
        points = [one for kind in kinds for one in _first(points, kind) if _reaches(one, channel)]
        return _to(points[0]) if points else None
    named = [one for one in points if one.id == id]
    if not named or (kinds and not (named[0].kind in kinds and _reaches(named[0], channel))):
        say = "This client has no such contact point that works on this channel. Add one with tx.contact_points."
        check.fault("contact_point_id", "not_found", say)
        return None
    return _to(named[0])


def _first(points: Sequence[ContactPoint], kind: PointKind) -> Sequence[ContactPoint]:
    return sorted([one for one in points if one.kind == kind], key=lambda one: not one.primary)


def _reaches(point: ContactPoint, channel: str) -> bool:
    """What is known to be dead reaches nobody, nor does what could not be read."""
    network = network_of(channel)
    works = point.status != "invalid" and point.match_key is not None
    return works and (network is None or point.network in (None, network))


def _to(point: ContactPoint) -> To:
    return To(point.value, point.match_key, point.id)
