"""The jobs of one CRM: those of its plugins that run, each with the plugin's doors, and the house's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crmkit.crm.releasing import RELEASE
from crmkit.crm.sweeping import SWEEP
from crmkit.plugins.host import Plugins
from crmkit.plugins.jobs import Block, BoundJob

#: The doors of one plugin that see everything: to write by, and to read by.
Blocks = Callable[[str], tuple[Block, Block]]


def bound_jobs(
    plugins: Plugins, blocks: Blocks, begin: Block, read: Block, *, sweep: bool
) -> Callable[[], Sequence[BoundJob]]:
    """Say which jobs there are; those of a plugin that does not run wait for it."""
    house = [*([SWEEP] if sweep else []), *([RELEASE] if plugins.channels else [])]
    own = [BoundJob("crmkit", job, begin, read) for job in house]

    def jobs() -> Sequence[BoundJob]:
        running = plugins.running()
        theirs = [BoundJob(name, job, *blocks(name)) for name, job in plugins.jobs() if name in running]
        return (*own, *theirs)

    return jobs
