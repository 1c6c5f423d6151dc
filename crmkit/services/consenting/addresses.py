"""Which address a question or an answer is about: as given, or the one a client is reached by on that channel."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmkit.domain.consent import EVERY
from crmkit.domain.consent.channels import LONGEST_ENDPOINT, REACHED_BY, family
from crmkit.domain.contact_point import ContactPoint, PointKind
from crmkit.domain.ids import ClientId
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.services.addresses import network_of, spelled
from crmkit.services.checks import Checks
from crmkit.services.unit import Unit


@attrs.frozen
class Address:
    """One address as its match key, empty where none is known; whether it was found not to work."""

    endpoint: str = ""
    dead: bool = False


def read_endpoint(check: Checks, channel: str, raw: object, region: str | None) -> str | None:
    """The match key of an address as given, in any spelling; None: none was given, `*`: whichever."""
    if raw is None or raw == EVERY:
        return EVERY if raw == EVERY else None
    text = check.text("endpoint", raw)
    kinds: Sequence[PointKind] = REACHED_BY.get(family(channel), ("email", "phone"))  # of every channel
    if not text or not kinds:
        return text[:LONGEST_ENDPOINT]
    key = spelled(kinds, channel, text, region)
    if key is None:
        where = ", or its network is not told, as in telegram:anna" if "messenger" in kinds else ""
        check.fault("endpoint", "not_an_address", f"This is no {' or '.join(kinds)}{where}.")
    return key


def address_of(unit: Unit, client_id: ClientId, channel: str, endpoint: str | None) -> Address:
    """
    The address on a channel, and whether it works.

    Where none was given, the client's own: the primary one, else the oldest that works; if none works, one that does
    not.
    """
    points = _points(unit, client_id, channel)
    if endpoint is not None:
        here = [point for point in points if point.match_key == endpoint]
        return Address(endpoint, bool(here) and all(point.status == "invalid" for point in here))
    if not points:
        return Address()
    best = min(points, key=lambda point: (point.status == "invalid", not point.primary, point.id))
    return Address(best.match_key or "", best.status == "invalid")


def addresses_of(unit: Unit, client_id: ClientId, channel: str) -> list[str]:
    """Every address by which a client may be reached on a channel, or on any."""
    return list(dict.fromkeys([point.match_key for point in _points(unit, client_id, channel) if point.match_key]))


def _points(unit: Unit, client_id: ClientId, channel: str) -> Sequence[ContactPoint]:
    found: Sequence[ContactPoint] | None = unit.reached.get(client_id)
    if found is None:
        found = unit.store.select(Query(ContactPoint, Test("client_id", "eq", client_id)))
    if channel == EVERY:
        return found
    kinds, network = REACHED_BY.get(family(channel), ()), network_of(channel)
    return [point for point in found if point.kind in kinds and (not network or point.network == network)]
