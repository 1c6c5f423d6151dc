"""Jobs: what a plugin does by the clock, and when."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from inspect import iscoroutinefunction, isgeneratorfunction
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import attrs

from crmkit.services.checks import Checks
from crmkit.services.transaction import Transaction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}").fullmatch
Block = Callable[[], AbstractContextManager[Transaction]]


class JobContext(Protocol):
    """What a job works with. It acts as its plugin, and sees everything."""

    @property
    def attempt(self) -> int:
        """1 for the first try of this tick."""
        ...

    @property
    def now(self) -> datetime:
        """The instant, in UTC, by the clock of the CRM: what a test may hold still."""
        ...

    def begin(self) -> AbstractContextManager[Transaction]:
        """
        A transaction that writes, and holds the job for another lease in the same commit.

        If somebody else has taken the job over meanwhile, it ends in `Conflict` and nothing of it is written.
        """
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """A block that only reads."""
        ...

    def renew(self) -> None:
        """Hold the job for another lease: call it now and then in long work outside the store. `Conflict` as in `begin`."""
        ...


@attrs.frozen
class Job:
    """
    Something to do *every* so often, or *daily* at a time of the clocks of a *zone*; just one of the two.

    Of ticks nobody was there for, one is made up for. What *run* raises is tried again, later each time, until the
    next tick comes. It runs outside any transaction, and at least once: after a crash it runs again.

    `every` counts from midnight of 1 January 1970 in UTC, so that one hour means on the hour. A daily time that the
    clocks skip comes as much later as they skip, one that they show twice comes the first time.

    >>> digest = Job("digest", lambda ctx: None, daily=time(9, 30), zone="Europe/Berlin")
    >>> digest.next_after(datetime(2026, 3, 28, 12, tzinfo=UTC)).isoformat()
    '2026-03-29T07:30:00+00:00'
    """

    name: str
    run: Callable[[JobContext], None] = attrs.field(repr=False)
    every: timedelta | None = attrs.field(default=None, kw_only=True)
    daily: time | None = attrs.field(default=None, kw_only=True)
    zone: str = attrs.field(default="UTC", kw_only=True)

    def __attrs_post_init__(self) -> None:
        check, given = Checks(), self.name
        if not (isinstance(given, str) and _NAME(given)):
            check.fault("name", "not_a_name", "Give a name of small letters, digits and _, such as 'daily_digest'.")
        _check_function(check, self.run)
        check.time_zone("zone", self.zone)
        if (self.every is None) == (self.daily is None):
            check.fault("every", "one_of_two", "Say either every=timedelta(…) or daily=time(…).")
        if self.every is not None and not (isinstance(self.every, timedelta) and self.every >= timedelta(seconds=1)):
            check.fault("every", "not_a_duration", "Give a timedelta of a second or more.")
        if self.daily is not None and not (isinstance(self.daily, time) and self.daily.tzinfo is None):
            check.fault("daily", "not_a_time", "Give a plain time such as time(9, 30), and its zone by zone=.")
        check.done()

    def first(self, now: datetime) -> datetime:
        """When a job that is new here is due: at once if it comes every so often, else at its time."""
        return now if self.every is not None else self.next_after(now)

    def next_after(self, at: datetime) -> datetime:
        """The first tick later than *at*."""
        if self.every is not None:
            return _EPOCH + ((at - _EPOCH) // self.every + 1) * self.every
        today = at.astimezone(ZoneInfo(self.zone)).date()
        ticks = [self._on(today + number * _DAY) for number in (-1, 0, 1, 2)]  # a zone may have skipped a whole day
        return min(tick for tick in ticks if tick > at)

    def _on(self, day: date) -> datetime:
        assert self.daily is not None
        return datetime.combine(day, self.daily, ZoneInfo(self.zone)).astimezone(UTC)


@attrs.frozen
class BoundJob:
    """A job with whose it is, and the doors it goes in and out by."""

    plugin: str
    job: Job
    begin: Block = attrs.field(repr=False)
    read: Block = attrs.field(repr=False)

    @property
    def key(self) -> str:
        """What its row is kept under."""
        return f"{self.plugin}.{self.job.name}"


def _check_function(check: Checks, run: Any) -> None:
    if not callable(run) or iscoroutinefunction(run) or isgeneratorfunction(run):
        check.fault(
            "run", "not_a_function", "Give a plain function that takes the context, neither async nor a generator."
        )
