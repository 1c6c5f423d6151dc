"""The loop of a process that tells: until it is stopped, and never in the middle of what it holds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event

from crmkit.crm import CRM
from crmkit.errors import CRMError
from crmkit.plugins import Drained

logger = logging.getLogger("crmkit.relay")
Told = Callable[[Drained], object]
#: How many are taken at once: what a stop waits for.
AT_ONCE = 10
#: How long it sleeps at most, in seconds: another process may have left something.
LOOK_AGAIN = 1.0
#: How often plugins that were not ready are looked at.
START_AGAIN = timedelta(seconds=5)


def run(
    crm: CRM, stop: Event, *, once: bool = False, limit: int = AT_ONCE, told: Told | None = None,
    before: Callable[[], object] | None = None, after: Callable[[], bool] | None = None,
) -> Drained:  # fmt: skip
    """
    Tell what is due until *stop* is set, or with *once* until nothing is due; say what was done.

    *told* hears of every step that did something. *before* and *after* are called around every step; if *after* says
    False, that is the end. A storage that fails is asked again later.

    >>> run(CRM.open("memory://"), Event(), once=True).told
    0
    """
    total, started = Drained(), crm._shared.clock.now()  # noqa: SLF001  # the house's own process
    while not stop.is_set():
        if before is not None:
            before()
        _look_after(crm)
        try:
            step, failed = crm.relay.run_once(limit), False
        except CRMError as error:
            logger.error("Telling has to wait: %s", type(error).__name__)  # noqa: TRY400  # a storage's text may quote
            step, failed = Drained(), True
        if after is not None and not after():
            break
        total += step
        if step and told is not None:
            told(step)
        if once and not step and not failed:
            break
        now = crm._shared.clock.now()  # noqa: SLF001
        if now >= started + START_AGAIN:
            crm.plugins.retry(crm._as_plugin, now)  # noqa: SLF001
            started = now
        if not step:
            stop.wait(LOOK_AGAIN)
    return total


def _look_after(crm: CRM) -> None:
    """Seal the journal, if that is due and this CRM was given an `Audit`."""
    if (sealing := crm._shared.sealing) is not None:  # noqa: SLF001  # as above
        try:
            sealing.look()
        except CRMError as error:
            logger.error("Sealing has to wait: %s", type(error).__name__)  # noqa: TRY400  # as above
