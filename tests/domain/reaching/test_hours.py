from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from time import process_time
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings, strategies as st

from crmkit.domain.reaching.hours import EVERY_DAY, Hours, next_allowed
from crmkit.domain.reaching.zones import every_zone
from crmkit.errors import Invalid

MINUTE = timedelta(minutes=1)
DAY = 24 * 60
WINDOWS = [
    Hours(time(9), time(21)),
    Hours(time(1, 30), time(2, 30)),  # where clocks are put, more often than not
    Hours(time(2, 30), time(1, 30)),
    Hours(time(0), time(0), days={6}),
    Hours(time(22, 15), time(2, 15), days={4, 5, 6}),
]
SOME = [
    "Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Havana", "America/New_York", "America/Nuuk", "America/Santiago",
    "America/Scoresbysund", "America/St_Johns", "Antarctica/Troll", "Asia/Almaty", "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Europe/Chisinau", "Europe/London", "Europe/Moscow", "Pacific/Apia", "Pacific/Chatham",
]  # fmt: skip
FROM, TO = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
AN_INSTANT = datetime(2026, 11, 28, 20, 30, tzinfo=UTC)


def offset(zone: str, at: datetime) -> timedelta:
    shift = at.astimezone(ZoneInfo(zone)).utcoffset()
    assert shift is not None
    return shift


@cache
def changes(zone: str) -> list[datetime]:
    """The first minutes after a clock was put, from 2024 to 2030."""
    day, shift, found = FROM, offset(zone, FROM), list[datetime]()
    while day < TO:
        after = day + timedelta(1)
        if (then := offset(zone, after)) != shift:
            minutes = (day + one * MINUTE for one in range(1, DAY + 1))
            found.append(next(at for at in minutes if offset(zone, at) != shift))
            shift = then
        day = after
    return found


def minute_of_week(local: datetime) -> int:
    return local.weekday() * DAY + local.hour * 60 + local.minute


def minutes_allowed(hours: Hours) -> list[bool]:
    """For each minute of a week whether hours hold it, counted one by one from each day's first."""
    first, last = (at.hour * 60 + at.minute for at in (hours.first, hours.last))
    long = (last - first) % DAY or DAY
    held = {(day * DAY + at) % (7 * DAY) for day in hours.days for at in range(first, first + long)}
    return [at in held for at in range(7 * DAY)]


def firsts(allowed: list[bool]) -> list[int | None]:
    """For each minute the first one from it on that is allowed."""
    found: list[int | None] = []
    first: int | None = None
    for at in reversed(range(len(allowed))):
        first = at if allowed[at] else first
        found.append(first)
    return found[::-1]


def wrong(zone: str, around: datetime, windows: Mapping[Hours, list[bool]]) -> Iterator[str]:
    """Where the answers of two hours before and after differ from what a look at every minute finds."""
    clock, start, zones = ZoneInfo(zone), around - timedelta(hours=2), frozenset({zone})
    days = max(2 if hours.days == EVERY_DAY else 8 for hours in windows)
    times = [start + at * MINUTE for at in range(4 * 60 + days * DAY + 1)]
    local = [minute_of_week(one.astimezone(clock)) for one in times]
    for hours, allowed in windows.items():
        wanted = firsts([allowed[one] for one in local])
        for at in range(4 * 60 + 1):
            first = wanted[at]
            got = next_allowed(hours, times[at], zones)
            if first is None or got != times[first]:
                yield f"{zone} {times[at]} {hours}: {got}"


def test_hours_are_held_around_every_change_of_some_clocks() -> None:
    """Minute by minute, next to a look at each: nobody is woken, nor kept waiting, where a clock is put."""
    windows = {hours: minutes_allowed(hours) for hours in WINDOWS[:3]}
    seen = [(zone, at) for zone in SOME for at in (*changes(zone)[:2], AN_INSTANT)]
    assert len(seen) > 40
    assert [] == [fault for zone, at in seen for fault in wrong(zone, at, windows)]


@pytest.mark.heavy
def test_hours_are_held_around_every_change_of_every_clock() -> None:
    """All zones and all changes from 2024 to 2030; zones whose clocks go alike are looked at once."""
    daily, others = ({hours: minutes_allowed(hours) for hours in some} for some in (WINDOWS[:3], WINDOWS[3:]))
    alike: dict[tuple[object, ...], str] = {}
    for zone in sorted(available_timezones() - {"localtime"}):
        put = tuple(changes(zone))
        alike[offset(zone, FROM), *((at, offset(zone, at)) for at in put)] = zone
    assert [] == [
        fault
        for zone in alike.values()
        for at in (AN_INSTANT, *changes(zone))
        for fault in (*wrong(zone, at, daily), *wrong(zone, at, others))
    ]
    assert (len(alike), sum(len(key) for key in alike)) > (60, 500)


@pytest.mark.heavy
def test_no_clock_is_put_twice_in_a_few_days() -> None:
    """What `next_allowed` stands on: between two looks, a day apart at most, there is one change of offset."""
    for zone in sorted(available_timezones() - {"localtime"}):
        put = changes(zone)
        for at, after in pairwise(put):
            assert after - at > timedelta(2), zone
        assert all(offset(zone, at - MINUTE) == offset(zone, at - timedelta(1)) for at in put)


ZONES = st.frozensets(
    st.sampled_from([*SOME, "Asia/Kamchatka", "Europe/Kaliningrad", "Pacific/Kiritimati"]), min_size=1
)
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
HOURS = st.builds(Hours, TIMES, TIMES, days=st.just(EVERY_DAY) | st.frozensets(st.integers(0, 6), min_size=1))


@settings(max_examples=60, deadline=None)
@given(HOURS, st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 1), timezones=st.just(UTC)), ZONES)
def test_the_answer_is_the_first_minute_that_suits_every_zone(
    hours: Hours, at: datetime, zones: frozenset[str]
) -> None:
    """Wherever the zones lie and whichever the hours, as a look at every minute of eight days finds."""
    allowed, clocks = minutes_allowed(hours), [ZoneInfo(zone) for zone in zones]

    def suits(one: datetime) -> bool:
        return all(allowed[minute_of_week(one.astimezone(clock))] for clock in clocks)

    whole = at.replace(second=0, microsecond=0)
    later = (whole + count * MINUTE for count in range(1, 8 * DAY + 1))
    wanted = at if suits(at) else next((one for one in later if suits(one)), None)
    assert wanted == next_allowed(hours, at, zones)


def test_eleven_offsets_leave_two_hours_a_day() -> None:
    """A number of Russia's may be anywhere from UTC+2 to UTC+12: 07:00 to 09:00 UTC."""
    zones = {"Europe/Kaliningrad", "Europe/Moscow", "Asia/Yekaterinburg", "Asia/Kamchatka"}
    day, start = Hours(time(9), time(21)), datetime(2026, 11, 28, tzinfo=UTC)
    minutes = [start + at * MINUTE for at in range(DAY)]
    allowed = [at for at in minutes if next_allowed(day, at, zones) == at]
    assert minutes[7 * 60 : 9 * 60] == allowed


def test_zones_with_no_hour_in_common_are_told_so() -> None:
    """Nobody waits for what cannot come; nor is anything allowed where no zone is known."""
    day = Hours(time(9), time(21))
    assert next_allowed(day, AN_INSTANT, {"Africa/Abidjan", "Asia/Kamchatka"}) is None
    assert next_allowed(day, AN_INSTANT, every_zone()) is None
    assert next_allowed(day, AN_INSTANT, frozenset()) is None


def test_an_instant_inside_is_the_answer_as_it_is() -> None:
    """To the microsecond; one outside is answered by a whole minute."""
    inside = datetime(2026, 11, 28, 20, 59, 59, 999_999, tzinfo=UTC)
    day, zones = Hours(time(9), time(21)), {"Europe/London"}
    assert inside == next_allowed(day, inside, zones)
    assert datetime(2026, 11, 29, 9, tzinfo=UTC) == next_allowed(day, inside + timedelta(microseconds=1), zones)
    assert datetime(2026, 11, 29, 9, tzinfo=UTC) == next_allowed(day, datetime(2026, 11, 29, 8, 59, 59, 1, UTC), zones)


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    """Friday's night ends on Saturday; Thursday's is none of these."""
    thursday, saturday = datetime(2026, 11, 27, 1, tzinfo=UTC), datetime(2026, 11, 28, 1, tzinfo=UTC)
    fridays = Hours(time(22), time(2), days={4})
    assert saturday == next_allowed(fridays, saturday, {"Etc/UTC"})
    assert datetime(2026, 11, 27, 22, tzinfo=UTC) == next_allowed(fridays, thursday, {"Etc/UTC"})


def test_an_answer_comes_in_the_time_of_a_query() -> None:
    """A gate asks it before every message: a hundred microseconds, ten times which is still no scan of minutes."""
    day, berlin = Hours(time(9), time(21)), {"Europe/Berlin"}
    at = datetime(2026, 11, 28, 20, 30, tzinfo=UTC)
    next_allowed(day, at, berlin)
    began = process_time()
    for _ in range(1000):
        next_allowed(day, at, berlin)
    assert process_time() - began < 1.0


@pytest.mark.parametrize(
    ("first", "last", "days", "paths"),
    [
        (time(9, 0, 1), time(21), EVERY_DAY, ["first"]),
        (time(9), time(21, 0, 0, 1), EVERY_DAY, ["last"]),
        (time(9, tzinfo=UTC), "21:00", {7}, ["first", "last", "days"]),
        (time(9), time(21), set[int](), ["days"]),
    ],
)
def test_hours_that_are_none_are_refused(first: time, last: time, days: set[int], paths: list[str]) -> None:
    """Every fault at once; a second's fraction would promise what no minute keeps."""
    with pytest.raises(Invalid) as refused:
        Hours(first, last, days)
    assert paths == [fault.path for fault in refused.value.faults]


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "../etc/passwd", "Europe", "a\0b"])
def test_a_zone_nobody_knows_is_refused(zone: str) -> None:
    """A misspelt zone is a fault to be mended, not a reason to send."""
    with pytest.raises(Invalid, match="IANA zone"):
        next_allowed(Hours(time(9), time(21)), AN_INSTANT, {"Europe/Berlin", zone})


def test_an_instant_without_a_zone_is_refused() -> None:
    """Whoever means their own clock has to say so."""
    with pytest.raises(Invalid, match="aware"):
        next_allowed(Hours(time(9), time(21)), datetime(2026, 11, 28), {"Europe/Berlin"})
