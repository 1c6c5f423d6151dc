"""Messages that were deferred, once their time has come."""

from __future__ import annotations

from datetime import timedelta

from crmkit.plugins.jobs import Job, JobContext
from crmkit.services.sending import release

#: How many are queued in one transaction.
CHUNK = 200


def _release(ctx: JobContext) -> None:
    found = CHUNK
    while found == CHUNK:
        with ctx.begin() as tx:
            found = release(tx._unit, CHUNK)  # noqa: SLF001  # a room has no verb for it: nobody calls for what is due


#: What `run_due` does of itself wherever a plugin brings a channel.
RELEASE = Job("queue_messages", _release, every=timedelta(seconds=1))
