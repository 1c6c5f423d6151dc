"""Hours of the day in which people may be contacted, where they are.

Instants become local times, never the other way: a local time may come twice or not at all, an instant has one.
Hours are the law's or a house's own, by purpose, so they are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import UTC, datetime, time, timedelta, tzinfo

import attrs

from crmkit.domain.reaching.zones import clock_in
from crmkit.errors import Fault, Invalid

#: Monday is 0, as `datetime.weekday()` counts.
EVERY_DAY = frozenset(range(7))
_AHEAD = timedelta(days=8)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _days(days: Iterable[int]) -> frozenset[int]:
    return frozenset(days)


@attrs.frozen
class Hours:
    """
    A window of local time, from *first* on and before *last*, on days that begin it (Monday is 0).

    If *last* is not later than *first*, it is on the next day: 22:00 to 02:00 on Fridays ends on Saturday, and equal
    times are 24 hours. Times are whole minutes without a zone; anything else is `Invalid`, with every fault.

    >>> Hours(time(9), time(21)).hold(datetime(2026, 11, 28, 20, 59))
    True
    >>> Hours(time(22), time(2), days=frozenset({4})).hold(datetime(2026, 11, 28, 1, 30))
    True
    """

    first: time
    last: time
    days: frozenset[int] = attrs.field(default=EVERY_DAY, converter=_days)

    def __attrs_post_init__(self) -> None:
        faults = [
            Fault(name, "not_a_minute", "Give a whole minute without a time zone, such as datetime.time(9, 30).")
            for name, at in (("first", self.first), ("last", self.last))
            if type(at) is not time or at.second or at.microsecond or at.tzinfo
        ]
        if not self.days or not self.days <= EVERY_DAY:
            faults.append(Fault("days", "not_days", "Give days of the week: from 0 for Monday to 6 for Sunday."))
        if faults:
            raise Invalid(*faults)

    def hold(self, local: datetime) -> bool:
        """Say whether a local time is inside."""
        now, day = local.time(), local.weekday()
        if self.first < self.last:
            return self.first <= now < self.last and day in self.days
        if now >= self.first:
            return day in self.days
        return now < self.last and (day - 1) % 7 in self.days


def next_allowed(hours: Hours, at: datetime, zones: Set[str]) -> datetime | None:
    """
    Find when it is inside *hours* in every one of *zones* (IANA names): *at* itself, or the first minute after it.

    None if there is no such minute within 8 days, as where the zones lie too far apart; and for no zones at all,
    where nothing is known. The answer is in UTC. A naive *at* and names of no zone are `Invalid`.

    >>> day = Hours(time(9), time(21))
    >>> next_allowed(day, datetime(2026, 11, 28, 21, 0, tzinfo=UTC), {"Europe/London"}).isoformat()
    '2026-11-29T09:00:00+00:00'
    >>> next_allowed(day, datetime(2026, 11, 28, 21, 0, tzinfo=UTC), {"Africa/Abidjan", "Asia/Kamchatka"}) is None
    True
    """
    if at.utcoffset() is None:
        raise Invalid(Fault("at", "naive", "Give an aware datetime, such as datetime.now(UTC)."))
    clocks = [clock_in(zone) for zone in zones]
    if not clocks:
        return None
    moment = at.astimezone(UTC)
    end = moment + _AHEAD
    turn = agreed = 0
    while agreed < len(clocks):
        clock = clocks[turn]
        local = moment.astimezone(clock)
        if hours.hold(local):
            agreed += 1
            turn = (turn + 1) % len(clocks)
        else:  # whatever the others say, it is outside here until then
            moment = _may_change(moment, local, clock, hours.first)
            agreed = 0
        if moment > end:
            return None
    return moment


def _may_change(at: datetime, local: datetime, clock: tzinfo, first: time) -> datetime:
    """
    Find the first minute after *at*, which is outside, when it may be inside: the clock is put, or tells *first*.

    It is a day away at most, and nowhere and never was a clock put twice in so short a time: tests look.
    """
    naive = local.replace(tzinfo=None, fold=0)
    begins = datetime.combine(naive, first)
    then = at + (begins - naive if begins > naive else begins + _DAY - naive)
    offset = local.utcoffset()
    last = -((_EPOCH - then) // _MINUTE)  # rounded up: offsets had seconds once
    if then.astimezone(clock).utcoffset() == offset:
        return _EPOCH + last * _MINUTE
    before = (at - _EPOCH) // _MINUTE
    while last - before > 1:
        between = (before + last) // 2
        if (_EPOCH + between * _MINUTE).astimezone(clock).utcoffset() == offset:
            before = between
        else:
            last = between
    return _EPOCH + last * _MINUTE
