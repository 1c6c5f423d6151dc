"""Jobs run: one claim at a time, by whichever process comes first."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from traceback import walk_tb

import attrs

from crmkit.domain.job_run import JobRun
from crmkit.errors import Conflict, StorageBusy
from crmkit.plugins.jobs import Block, BoundJob
from crmkit.ports import Clock, Ids
from crmkit.services.transaction import Transaction

#: How long a job is held without a sign of life of whoever runs it.
LEASE = timedelta(minutes=5)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_TRIES = 3
_LONGEST = 255
logger = logging.getLogger("crmkit")


@attrs.frozen
class Ran:
    """
    Keys of the jobs that were due: done, failed, or *skipped* because another process had them or took them over.

    >>> Ran(done=("slack.digest",)).failed
    ()
    """

    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def run_jobs(begin: Block, clock: Clock, ids: Ids, jobs: Sequence[BoundJob], *, lease: timedelta = LEASE) -> Ran:
    """
    Run every job that is due, one after the other; never one that another process is running.

    A claim is a row replaced against its version, so of two who claim at once one gets `Conflict`. A claim whose
    lease is over is due again. Rows are written past the plugins' hooks: nobody's records change.
    """
    if not jobs:
        return Ran()
    told: dict[str, list[str]] = {"done": [], "failed": [], "skipped": []}
    runs = _known(begin, clock, jobs)
    for bound in jobs:
        if (run := runs.get(bound.key)) is None or run.due_at <= clock.now():
            held = _claimed(begin, clock, run, str(ids.new()), lease)
            told["skipped" if held is None else _tried(bound, held, begin, clock, lease)].append(bound.key)
    return Ran(**{outcome: tuple(keys) for outcome, keys in told.items()})


class Held:
    """A claimed job: the context its function gets."""

    def __init__(self, bound: BoundJob, run: JobRun, clock: Clock, lease: timedelta) -> None:
        self._bound, self._run, self._clock, self._lease = bound, run, clock, lease

    @property
    def attempt(self) -> int:
        """1 for the first try of this tick."""
        return self._run.attempts

    @property
    def now(self) -> datetime:
        """The instant, by the clock of the CRM."""
        return self._clock.now()

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction that writes, and renews the lease in the same commit."""
        return self._begin()

    @contextmanager
    def _begin(self) -> Generator[Transaction]:
        with self._bound.begin() as tx:
            now = self._clock.now()
            run = _replaced(tx, self._run, attrs.evolve(self._run, due_at=now + self._lease, updated_at=now))
            yield tx
        self._run = run  # not before the commit: what was rolled back has renewed nothing

    def read(self) -> AbstractContextManager[Transaction]:
        """A block that only reads."""
        return self._bound.read()

    def renew(self) -> None:
        """Hold the job for another lease."""
        with self._begin():
            pass

    def end(self, begin: Block, error: BaseException | None) -> bool:
        """Write down what came of it and when it is due next; False if somebody else has taken it over."""
        job = self._bound.job
        for left in range(_TRIES, 0, -1):
            now = self._clock.now()
            tick = job.next_after(now)
            if error is None:
                after = attrs.evolve(self._run, due_at=tick, attempts=0, error=None, done_at=now)
            else:
                again = now + min(_FIRST_PAUSE * 2 ** min(self._run.attempts - 1, 20), _LONGEST_PAUSE)
                attempts = self._run.attempts if again < tick else 0
                after = attrs.evolve(self._run, due_at=min(again, tick), attempts=attempts, error=_code(error))
            try:
                with begin() as tx:
                    _replaced(tx, self._run, attrs.evolve(after, claimed_by=None, updated_at=now))
            except Conflict:
                return False
            except StorageBusy:
                if left == 1:
                    raise  # its lease will end, and it runs again
            else:
                return True
        raise AssertionError


def _known(begin: Block, clock: Clock, jobs: Sequence[BoundJob]) -> dict[str, JobRun]:
    """The row of each job by key; those seen for the first time get one."""
    keys, now = [bound.key for bound in jobs], clock.now()
    for _ in range(_TRIES):
        try:
            with begin() as tx:
                store = tx._unit.store  # noqa: SLF001  # jobs have no room: nobody but this module writes them
                runs = {run.id: run for run in store.get_many(JobRun, keys)}
                for bound in jobs:
                    if bound.key not in runs:
                        due_at = bound.job.first(now)
                        runs[bound.key] = JobRun(bound.key, due_at, None, 0, None, None, now, now)
                        store.insert(runs[bound.key])
            return runs
        except Conflict:
            continue  # another process has just made them
    return {}


def _claimed(begin: Block, clock: Clock, run: JobRun | None, token: str, lease: timedelta) -> JobRun | None:
    """The row as claimed by us, None if somebody else was first."""
    if run is None:
        return None
    now = clock.now()
    claimed = attrs.evolve(run, due_at=now + lease, claimed_by=token, attempts=run.attempts + 1, updated_at=now)
    try:
        with begin() as tx:
            return _replaced(tx, run, claimed)
    except (Conflict, StorageBusy):
        return None


def _tried(bound: BoundJob, run: JobRun, begin: Block, clock: Clock, lease: timedelta) -> str:
    """Run a claimed job; what it raises is its own matter, and is logged by type and place only."""
    held, error = Held(bound, run, clock, lease), None
    try:
        bound.job.run(held)
    except (Exception, SystemExit) as raised:  # noqa: BLE001  # one job that fails, or exits, stops no other
        error = raised
        logger.error("Job %s failed: %s", bound.key, _code(raised))  # noqa: TRY400
    if not held.end(begin, error):
        return "skipped"
    return "done" if error is None else "failed"


def _replaced(tx: Transaction, before: JobRun, after: JobRun) -> JobRun:
    counted = attrs.evolve(after, version=before.version + 1)
    tx._unit.store.replace(counted, before.version)  # noqa: SLF001
    return counted


def _code(error: BaseException) -> str:
    """The type of an error and where it was raised: what it says may be personal."""
    *_, (frame, line) = walk_tb(error.__traceback__)
    return f"{type(error).__name__} {frame.f_globals.get('__name__', '?')}:{line}"[:_LONGEST]
