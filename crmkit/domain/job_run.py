"""When a job is due next, and what came of it last."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.marks import Code, Masked


@attrs.frozen
class JobRun(Masked):
    """
    One row a job, under `<plugin>.<job>`. While somebody runs it, `due_at` is when their lease ends.

    `attempts` counts since it was last done or gave up until its next tick; `error` is the type of what the last
    attempt raised and where, never its text.

    >>> from datetime import UTC, datetime
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> JobRun("slack.digest", noon, None, 0, None, None, noon, noon).attempts
    0
    """

    id: Code[str]
    due_at: datetime
    claimed_by: Code[str | None]
    attempts: int
    error: Code[str | None]
    done_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int = 1
