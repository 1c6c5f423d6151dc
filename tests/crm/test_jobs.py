"""Jobs by the clock: when, once, again after a failure, and never twice at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from crmkit import CRM, Due
from crmkit.crm.system import TimeOrderedIds
from crmkit.domain.job_run import JobRun
from crmkit.errors import Conflict, Invalid
from crmkit.plugins.jobs import BoundJob, Job, JobContext
from crmkit.plugins.running import LEASE, Ran, run_jobs
from crmkit.storage.opening import open_storage
from crmkit.testing import FrozenClock, new_id

HOUR = timedelta(hours=1)
ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu"]


class Shop:
    """A CRM with jobs that write down that they ran."""

    def __init__(self, crm: CRM, clock: FrozenClock) -> None:
        self.crm, self.clock, self.ran = crm, clock, list[str]()
        self.jobs = list[BoundJob]()

    def add(self, name: str, run: Callable[[JobContext], None] | None = None, **when: Any) -> None:
        def noted(ctx: JobContext) -> None:
            self.ran.append(name)
            if run is not None:
                run(ctx)

        self.jobs.append(BoundJob("shop", Job(name, noted, **(when or {"every": HOUR})), self.crm.begin, self.crm.read))

    def tick(self, **by: float) -> Ran:
        self.clock.go_on(**by)
        return run_jobs(self.crm.begin, self.clock, TimeOrderedIds(), self.jobs)

    def row(self, name: str) -> JobRun:
        with self.crm.read() as tx:
            return tx._unit.get(JobRun, f"shop.{name}")


@pytest.fixture
def shop(crm: CRM, clock: FrozenClock) -> Shop:
    return Shop(crm, clock)


def test_a_job_is_told_the_time_by_the_clock_of_the_crm(shop: Shop) -> None:
    """A test holds it still, and goes on to the day a job waits for."""
    told = list[datetime]()
    shop.add("birthdays", lambda ctx: told.append(ctx.now), daily=time(9))
    before = shop.clock.now()
    shop.tick()
    shop.tick(days=1)
    assert [before + timedelta(days=1)] == told


def test_a_job_runs_at_once_and_then_on_the_hour(shop: Shop) -> None:
    """It is noon and a little: the next tick is one o'clock, not an hour from the first run."""
    shop.add("poll")
    assert [Ran(done=("shop.poll",)), Ran(), Ran(done=("shop.poll",)), Ran()] == [
        shop.tick(), shop.tick(minutes=59), shop.tick(minutes=1), shop.tick(minutes=1),
    ]  # fmt: skip
    assert datetime(2026, 1, 1, 14, tzinfo=UTC) == shop.row("poll").due_at


def test_a_daily_job_waits_for_its_time(shop: Shop) -> None:
    """By the clocks of its zone, on the first day too."""
    shop.add("digest", daily=time(9, 30), zone="Europe/Berlin")
    assert Ran() == shop.tick()
    assert datetime(2026, 1, 2, 8, 30, tzinfo=UTC) == shop.row("digest").due_at
    assert (Ran(), Ran(done=("shop.digest",))) == (shop.tick(hours=20), shop.tick(hours=1))
    assert datetime(2026, 1, 3, 8, 30, tzinfo=UTC) == shop.row("digest").due_at


def test_missed_ticks_become_one(shop: Shop) -> None:
    """Whoever was down for a week polls once, not 168 times."""
    shop.add("poll")
    shop.tick()
    assert (Ran(done=("shop.poll",)), Ran()) == (shop.tick(days=7), shop.tick())
    assert 2 == len(shop.ran)


def test_a_failing_job_is_tried_again_later_each_time_and_harms_no_other(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """Until its next tick, with which counting begins anew; not a word of what it raised is kept or logged."""
    attempts = list[int]()

    def failing(ctx: JobContext) -> None:
        attempts.append(ctx.attempt)
        raise ValueError("Anna +79123456789")

    shop.add("bad", failing)
    shop.add("good")
    with caplog.at_level(logging.DEBUG):
        assert Ran(done=("shop.good",), failed=("shop.bad",)) == shop.tick()
    row = shop.row("bad")
    assert (1, None, None, shop.clock.now() + timedelta(seconds=30)) == (
        row.attempts, row.claimed_by, row.done_at, row.due_at
    )  # fmt: skip
    assert str(row.error).startswith("ValueError ")
    assert str(row.error).partition(" ")[2].partition(":")[0].endswith("test_jobs")
    assert ("shop.bad" in caplog.text, "Anna" in caplog.text) == (True, False)
    pauses = list[timedelta]()
    for _ in range(6):
        before = shop.row("bad").due_at
        assert Ran() == shop.tick(seconds=(before - shop.clock.now()).total_seconds() - 1)
        shop.tick(seconds=1)
        pauses.append(shop.row("bad").due_at - before)
    assert [timedelta(seconds=30) * 2**number for number in range(1, 6)] == pauses[:5]
    assert ([1, 2, 3, 4, 5, 6, 7], 0) == (attempts, shop.row("bad").attempts)
    assert datetime(2026, 1, 1, 13, tzinfo=UTC) == shop.row("bad").due_at


def test_a_job_that_recovers_is_done_and_forgets_its_error(shop: Shop) -> None:
    """As if nothing had been."""

    def flaky(ctx: JobContext) -> None:
        if ctx.attempt < 3:
            raise OSError

    shop.add("flaky", flaky)
    assert [("shop.flaky",), ("shop.flaky",)] == [shop.tick().failed, shop.tick(seconds=30).failed]
    assert ("shop.flaky",) == shop.tick(seconds=60).done
    row = shop.row("flaky")
    assert (0, None, shop.clock.now()) == (row.attempts, row.error, row.done_at)


def test_a_job_that_exits_fails_and_stops_nobody(shop: Shop) -> None:
    """`sys.exit()` in a plugin is no way to end the host."""

    def leaving(ctx: JobContext) -> None:
        raise SystemExit(3)

    shop.add("leaving", leaving)
    shop.add("good")
    assert Ran(done=("shop.good",), failed=("shop.leaving",)) == shop.tick()


def test_a_runner_that_died_loses_the_job_with_its_lease(shop: Shop) -> None:
    """Nobody else touches it before; then it is tried again, as a second attempt."""
    seen = list[int]()

    def dying(ctx: JobContext) -> None:
        seen.append(ctx.attempt)
        if len(seen) == 1:
            raise KeyboardInterrupt

    shop.add("poll", dying)
    with pytest.raises(KeyboardInterrupt):
        shop.tick()
    assert Ran() == shop.tick(seconds=LEASE.total_seconds() - 1)
    assert shop.row("poll").claimed_by is not None
    assert [1] == seen
    assert Ran(done=("shop.poll",)) == shop.tick(seconds=1)
    assert [1, 2] == seen


def test_who_was_too_slow_writes_nothing_more(shop: Shop) -> None:
    """Another has taken the job over: a transaction of the first ends in Conflict, and its end changes nothing."""
    conflicts = list[str]()

    def slow(ctx: JobContext) -> None:
        if ctx.attempt == 1:
            with ctx.begin() as tx:
                tx.clients.add(name="in time")
            assert Ran() == shop.tick(seconds=LEASE.total_seconds() - 1)  # renewed with the commit
            assert Ran(done=("shop.poll",)) == shop.tick(seconds=1)
            with pytest.raises(Conflict), ctx.begin() as tx:
                tx.clients.add(name="too late")
            with pytest.raises(Conflict):
                ctx.renew()
            conflicts.append("told")

    shop.add("poll", slow)
    assert Ran(skipped=("shop.poll",)) == shop.tick()
    row = shop.row("poll")
    assert (["told"], shop.clock.now(), None) == (conflicts, row.done_at, row.claimed_by)
    with shop.crm.read() as tx:
        assert ["in time"] == [client.name for client in tx.clients.list()]


def test_what_a_job_rolls_back_renews_nothing_and_spoils_nothing(shop: Shop) -> None:
    """The lease is as it was, and the job can go on."""

    def trying(ctx: JobContext) -> None:
        before = shop.row("poll")
        with pytest.raises(KeyError), ctx.begin() as tx:
            tx.clients.add(name="never")
            raise KeyError
        assert before == shop.row("poll")
        shop.clock.go_on(minutes=1)
        ctx.renew()
        assert before.due_at + timedelta(minutes=1) == shop.row("poll").due_at
        with ctx.read() as tx:
            assert 0 == tx.clients.count()

    shop.add("poll", trying)
    assert Ran(done=("shop.poll",)) == shop.tick()


def test_of_many_who_come_at_once_one_runs_it(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    """Each with a CRM of its own on one store, tick after tick."""
    count, rounds = 6, 5
    shared = open_storage(url) if url == "memory://" else None
    crms = [CRM(shared or open_storage(url), clock=clock) for _ in range(count)]
    ran, barrier, about_to_claim = list[int](), Barrier(count), Barrier(count)

    class Waiting(TimeOrderedIds):
        """Asked for a claim's token: by then each has seen that the job is due."""

        def new(self) -> UUID:
            about_to_claim.wait(30)
            return super().new()

    def worker(number: int) -> list[Ran]:
        crm, told = crms[number], list[Ran]()
        bound = BoundJob("shop", Job("poll", lambda _: ran.append(number), every=HOUR), crm.begin, crm.read)
        for _ in range(rounds):
            if barrier.wait(30) == 0:
                clock.go_on(hours=1)
            barrier.wait(30)
            told.append(run_jobs(crm.begin, clock, Waiting(), [bound]))
        return told

    with ThreadPoolExecutor(count) as pool:
        told = list(pool.map(worker, range(count)))
    for crm in crms:
        crm.close()
    assert rounds == len(ran)
    assert [1] * rounds == [sum(bool(one[turn].done) for one in told) for turn in range(rounds)]


def test_run_due_runs_jobs_and_says_so(crm: CRM, clock: FrozenClock) -> None:
    """Beside what it did before; a host that gave a folder for contents has them swept."""
    sweep = crm._shared.jobs()
    other = BoundJob("shop", Job("poll", lambda _: None, every=HOUR), crm.begin, crm.read)
    crm._shared.jobs = lambda: (*sweep, other)
    first, second = crm.run_due(), crm.run_due()
    assert (("crmkit.sweep_blobs", "shop.poll"), ()) == (first.jobs_done, second.jobs_done)
    clock.go_on(hours=1)
    assert ("shop.poll",) == crm.run_due().jobs_done


def test_run_due_sweeps_contents_without_a_document_once_a_day(crm: CRM, clock: FrozenClock) -> None:
    """And a folder that is another store's makes the job fail, which is told."""
    blobs = crm._shared.blobs
    assert blobs is not None
    with crm.begin() as tx:
        made = tx.documents.add(name="1.pdf", content=b"here")
    blobs.put(new_id(), [b"left by a crash"])
    clock.at = datetime.now(UTC) + timedelta(days=2)
    assert ("crmkit.sweep_blobs",) == crm.run_due().jobs_done
    assert [made.id] == list(blobs.keys())
    with crm.begin() as tx:
        tx.documents.remove(made.id)
    blobs.put(new_id(), [b"another store's"])
    clock.go_on(days=1)
    due = crm.run_due()
    assert (("crmkit.sweep_blobs",), 1) == (due.jobs_failed, len(list(blobs.keys())))


def test_a_crm_without_jobs_has_no_rows(clock: FrozenClock) -> None:
    """Who uses none pays for none."""
    with CRM.open("memory://", clock=clock) as crm:
        assert Due(went_dormant=0) == crm.run_due()
        with crm._reading() as tx:
            assert [] == tx._unit.store.get_many(JobRun, ["crmkit.sweep_blobs"])


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("name", {"name": "Daily digest"}), ("name", {"name": ""}), ("name", {"name": None}),
        ("run", {"run": None}), ("every", {"every": None}), ("every", {"daily": time(9)}),
        ("every", {"every": timedelta()}), ("every", {"every": 60}), ("daily", {"every": None, "daily": "09:30"}),
        ("daily", {"every": None, "daily": time(9, tzinfo=UTC)}), ("zone", {"zone": "Mars/Base"}),
    ],
)  # fmt: skip
def test_a_job_that_cannot_be_is_invalid_when_it_is_made(path: str, wrong: dict[str, Any]) -> None:
    """Not at three in the morning."""
    given: dict[str, Any] = {"name": "poll", "run": len, "every": HOUR, **wrong}
    with pytest.raises(Invalid) as caught:
        Job(**given)
    assert path in [fault.path for fault in caught.value.faults]


def test_every_fault_of_a_job_is_told_at_once() -> None:
    """As everywhere."""

    async def later(ctx: JobContext) -> None: ...

    with pytest.raises(Invalid) as caught:
        Job("Bad name", later, zone="Mars/Base")  # type: ignore[arg-type]
    assert ["name", "run", "zone", "every"] == [fault.path for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        ("Europe/Berlin", "2026-03-29", time(2, 30), "2026-03-29T03:30:00+02:00"),  # skipped
        ("Europe/Berlin", "2026-10-25", time(2, 30), "2026-10-25T02:30:00+02:00"),  # shown twice: the first
        ("Pacific/Apia", "2011-12-31", time(9), "2011-12-31T09:00:00+14:00"),  # the 30th never was
    ],
)
def test_a_daily_time_that_clocks_skip_or_show_twice_comes_once(zone: str, day: str, at: time, expected: str) -> None:
    """On the day itself, and then not again before the next."""
    job, midnight = Job("digest", lambda _: None, daily=at, zone=zone), datetime.fromisoformat(f"{day}T00:00:00")
    tick = job.next_after(midnight.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))
    assert expected == tick.astimezone(ZoneInfo(zone)).isoformat()
    assert job.next_after(tick) > tick + timedelta(hours=20)


@given(
    at=st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    daily=st.times(), zone=st.sampled_from(ZONES),
)  # fmt: skip
def test_a_daily_job_has_one_tick_each_day(at: datetime, daily: time, zone: str) -> None:
    """Later than asked, none left out, at the time it shows unless the clocks skip that."""
    job, tick = Job("digest", lambda _: None, daily=daily, zone=zone), at
    days = list[Any]()
    for _ in range(4):
        later = job.next_after(tick)
        assert later > tick
        assert later == job.next_after(later - timedelta(microseconds=1))
        tick = later
        days.append(tick.astimezone(ZoneInfo(zone)).date())
    gaps = [after - before for before, after in pairwise(days)]
    assert {timedelta(days=1)} >= {*gaps} or "Pacific/Apia" == zone


@given(
    at=st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    every=st.timedeltas(timedelta(seconds=1), timedelta(days=400)),
)
def test_a_repeated_job_ticks_on_a_grid_of_its_own(at: datetime, every: timedelta) -> None:
    """Whenever it is asked, so that every process counts the same ticks."""
    job = Job("poll", lambda _: None, every=every)
    tick = job.next_after(at)
    assert timedelta() < tick - at <= every
    assert tick == job.next_after(tick - timedelta(microseconds=1))
    assert tick + every == job.next_after(tick)
