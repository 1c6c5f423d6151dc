from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import phonenumbers
import pytest
from hypothesis import given, strategies as st

from crmkit.domain.phone import regions_of
from crmkit.domain.reaching.hours import Hours, next_allowed
from crmkit.domain.reaching.zones import clock_in, every_zone, zones_of_country, zones_of_phone

START = datetime(2026, 11, 28, tzinfo=UTC)
TABLES = [path for path in (Path(folder) / "zone1970.tab" for folder in TZPATH) if path.is_file()]


def offsets(zones: frozenset[str], at: datetime = START) -> set[float]:
    """In hours."""
    shifts = [at.astimezone(ZoneInfo(zone)).utcoffset() for zone in zones]
    return {shift / timedelta(hours=1) for shift in shifts if shift is not None}


def test_a_mobile_of_russia_may_be_in_eleven_zones() -> None:
    """Which leave 07:00 to 09:00 UTC of 09:00 to 21:00."""
    zones = zones_of_phone("+79161234567")
    assert {float(one) for one in range(2, 13)} == offsets(zones)
    day, minutes = Hours(time(9), time(21)), [START + timedelta(minutes=at) for at in range(24 * 60)]
    assert minutes[7 * 60 : 9 * 60] == [at for at in minutes if next_allowed(day, at, zones) == at]


def test_kazakhstan_is_not_russia_though_it_dials_alike() -> None:
    """One calling code, two countries: phonenumbers tells which."""
    assert zones_of_country("KZ") == zones_of_phone("+77011234567")
    assert {5.0} == offsets(zones_of_phone("+77011234567"))


def test_a_number_of_new_york_is_the_united_states() -> None:
    """From Honolulu to New York, for a number goes with its owner; but not Canada or Jamaica."""
    assert zones_of_country("US") == zones_of_phone("+12125550123")
    assert {"America/New_York", "Pacific/Honolulu"} <= zones_of_phone("+12125550123")
    assert "America/Toronto" not in zones_of_phone("+12125550123")


@pytest.mark.parametrize("key", ["+18005550123", "+17871234567"])
def test_what_several_countries_share_may_be_in_any(key: str) -> None:
    """A free number is valid in all of North America, a number in none of it may be new anywhere there."""
    assert zones_of_country("US") | zones_of_country("JM") | zones_of_country("CA") <= zones_of_phone(key)
    assert "Europe/London" not in zones_of_phone(key)


@pytest.mark.parametrize(
    "key", ["+80012345678", "+870773111632", "+9991234567", "telegram:anna", "+", "", "79161234567"]
)
def test_what_is_nowhere_may_be_everywhere(key: str) -> None:
    """Then no hour of a day suits, and nothing is sent by a guess."""
    assert every_zone() == zones_of_phone(key)
    assert next_allowed(Hours(time(9), time(21)), START, zones_of_phone(key)) is None


def test_a_country_is_named_in_either_case_or_may_be_any() -> None:
    """A code that means nothing leaves everything open."""
    assert frozenset({"Asia/Kathmandu"}) == zones_of_country("np") == zones_of_country("NP")
    assert every_zone() == zones_of_country("ZZ") == zones_of_country("") == zones_of_country("Nepal")


def test_every_region_that_dials_has_zones() -> None:
    """Also those that ISO 3166 does not list, as Kosovo."""
    assert [] == [code for code in phonenumbers.SUPPORTED_REGIONS if zones_of_country(code) == every_zone()]


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_the_countries_zones_are_the_databases(table: Path) -> None:
    """Whatever this machine's table names, ours has one that goes alike: a country's offsets are all known."""
    rows = [row.split("\t") for row in table.read_text("utf-8").splitlines() if row[:1] != "#"]
    assert len(rows) > 300
    for codes, _, zone, *_ in rows:
        for code in codes.split(","):
            for at in (START, START + timedelta(days=180)):
                assert offsets(frozenset({zone}), at) <= offsets(zones_of_country(code), at), (code, zone)


def test_every_zone_has_a_clock() -> None:
    """A zone that this machine's database is too old for was left out."""
    assert len(every_zone()) > 300
    assert all(clock_in(zone).key == zone for zone in every_zone())


@given(st.text(max_size=30) | st.from_regex(r"\+[0-9]{1,15}", fullmatch=True))
def test_any_text_has_zones(key: str) -> None:
    """Never none of them, and never an error from below."""
    assert zones_of_phone(key) <= every_zone()
    assert zones_of_phone(key)
    assert "001" not in regions_of(key)
    assert zones_of_country(key) <= every_zone()
