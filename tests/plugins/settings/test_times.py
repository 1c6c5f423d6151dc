"""Times of day and time zones, as jobs are given them."""

from __future__ import annotations

from datetime import UTC, time
from typing import Any

import attrs
import pytest

from crmkit.errors import Invalid
from crmkit.plugins import Job, TimeZone
from crmkit.plugins.settings import example, reference, structured

UTC_ZONE = TimeZone("UTC")


@attrs.frozen
class Greetings:
    at: time = time(8, 30)
    zone: TimeZone = UTC_ZONE


def _read(given: dict[str, Any]) -> Greetings:
    return structured(Greetings, given, plugin="greetings", environ={})


@pytest.mark.parametrize(
    ("given", "read"),
    [("08:30", time(8, 30)), ("23:59:01", time(23, 59, 1)), (time(7), time(7)), ("00:00", time(0))],
)
def test_a_time_of_day_is_read_as_people_and_toml_write_it(given: object, read: time) -> None:
    """To the second."""
    assert read == _read({"at": given}).at


@pytest.mark.parametrize("given", ["8:30", "24:00", "08:60", "08", "", "08:30+01:00", time(8, tzinfo=UTC), 830, None])
def test_what_is_no_time_of_day_is_said_with_one_that_is(given: object) -> None:
    """Nor is one with an offset, which would be another each half-year."""
    with pytest.raises(Invalid, match=r'at: Give a time of day such as "08:30"') as caught:
        _read({"at": given})
    assert ["not_a_time"] == [fault.code for fault in caught.value.faults]


def test_a_time_zone_is_one_that_there_is() -> None:
    """So that a job can be given it unread."""
    made = _read({"zone": "Europe/Oslo", "at": "06:00"})
    assert ("06:00", "Europe/Oslo") == (f"{made.at:%H:%M}", made.zone)
    assert "greet" == Job("greet", print, daily=made.at, zone=made.zone).name
    for wrong in ("Mars", "../etc/passwd", "", 1, "Europe/Oslo\x00"):
        with pytest.raises(Invalid, match="zone: Give a key of the IANA time zone database"):
            _read({"zone": wrong})


def test_both_are_described_and_shown() -> None:
    """As they are written in a file."""
    assert '| `at` | time of day | `"08:30"` |' in reference(Greetings)
    assert 'zone = "UTC"' in example(Greetings, "greetings")
