"""Every morning somebody is asked to look at what is overdue."""

from collections.abc import Iterable
from datetime import time, timedelta

from crmkit.plugins import Job, JobContext, Plugin, hookimpl


class Morning(Plugin[None]):
    """Brings work that the clock starts; one process does it."""

    @hookimpl
    def crm_register_jobs(self) -> Iterable[Job]:
        """Bring the job; a tick that nobody was there for is made up for."""
        return [Job("overdue", self.ask, daily=time(8, 30), zone="Europe/Berlin")]

    def ask(self, ctx: JobContext) -> None:
        """Plan a task, if anything is overdue."""
        with ctx.begin() as tx:
            if count := tx.tasks.count(overdue=True):
                due = tx.tasks.agenda(limit=1).items[0].due_at + timedelta(days=1)
                tx.tasks.plan(title=f"{count} overdue", due=due, rule="overdue")
