"""Which time zones somebody may be in: what a phone number or a country leaves open.

A guess would send at night, so what is not known is every zone, in which no hours of the day are allowed at once.
Source: the IANA time zone database, zone1970.tab, public domain.
"""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crmkit.domain.phone import regions_of
from crmkit.domain.reaching.zones_of_countries import ZONES
from crmkit.errors import Fault, Invalid

#: Dialled like countries, but in no table of ISO 3166: Ascension and Tristan da Cunha, as St Helena; and Kosovo.
_BESIDE_ISO = "Africa/Abidjan AC,TA\nEurope/Belgrade XK\n"


def zones_of_phone(match_key: str) -> frozenset[str]:
    """
    Name the IANA zones where a number in E.164 form may be: those of every country it may belong to.

    What belongs to no country, as +800, or is no number: every zone.

    >>> sorted(zones_of_phone("+49301234567"))
    ['Europe/Berlin', 'Europe/Zurich']
    """
    regions = regions_of(match_key)
    return frozenset[str]().union(*map(zones_of_country, regions)) if regions else every_zone()


def zones_of_country(code: str) -> frozenset[str]:
    """
    Name the IANA zones of a country by its ISO 3166 code; every zone if the code means nothing.

    >>> sorted(zones_of_country("PT"))
    ['Atlantic/Azores', 'Atlantic/Madeira', 'Europe/Lisbon']
    """
    return _by_country().get(code.upper()) or every_zone()


def every_zone() -> frozenset[str]:
    """Name all zones that people live in."""
    return _by_country()[""]


@cache
def clock_in(zone: str) -> ZoneInfo:
    """Give the zone's clock; `ZoneInfo` alone would read the file again for all but the last eight."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, OSError, ValueError):  # what is no key, or the name of a folder
        told = f"Give an IANA zone such as 'Europe/Berlin', not {zone!r}; if it is one, `pip install --upgrade tzdata`."
        raise Invalid(Fault("zones", "unknown_zone", told)) from None


@cache
def _by_country() -> dict[str, frozenset[str]]:
    """Zones by country; under no name, all of them."""
    zones: dict[str, set[str]] = {"": set()}
    for row in (ZONES + _BESIDE_ISO).splitlines():
        zone, _, codes = row.partition(" ")
        for code in ("", *codes.split(",")):
            zones.setdefault(code, set()).add(zone)
    return {code: frozenset([zone for zone in those if _is_known(zone)] or those) for code, those in zones.items()}


def _is_known(zone: str) -> bool:
    """An older database on this machine keeps the people of a younger zone in another of their country's."""
    try:
        clock_in(zone)
    except Invalid:
        return False
    return True
