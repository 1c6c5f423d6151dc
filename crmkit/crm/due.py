"""What becomes due by the clock alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import attrs

from crmkit.plugins.jobs import BoundJob
from crmkit.plugins.running import run_jobs
from crmkit.ports import Clock, Ids
from crmkit.services.client_lifecycle import fall_asleep
from crmkit.services.transaction import Transaction


@attrs.frozen
class Due:
    """
    What one `run_due` did: how many clients went dormant, and which jobs were done, failed, or another process's.

    >>> Due(went_dormant=0)
    Due(went_dormant=0, jobs_done=(), jobs_failed=(), jobs_skipped=())
    """

    went_dormant: int
    jobs_done: tuple[str, ...] = ()
    jobs_failed: tuple[str, ...] = ()
    jobs_skipped: tuple[str, ...] = ()


def run_due(
    begin: Callable[[], AbstractContextManager[Transaction]], chunk: int, clock: Clock, ids: Ids,
    jobs: Sequence[BoundJob],
) -> Due:  # fmt: skip
    """Work in transactions of at most *chunk* clients, so that writers come in between; then run the jobs."""
    total, found = 0, chunk
    while found == chunk:
        with begin() as tx:
            found = fall_asleep(tx._unit, chunk)  # noqa: SLF001
        total += found
    ran = run_jobs(begin, clock, ids, jobs)
    return Due(total, ran.done, ran.failed, ran.skipped)
