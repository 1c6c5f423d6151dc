"""One plugin's process: what its handlers do to it, they do to nobody else."""

from __future__ import annotations

import os
import signal
import time
from ctypes import c_double
from threading import Event

from crmkit.crm import CRM
from crmkit.plugins import PluginsConfig
from crmkit.relay.loop import run

#: The exit code of a fork that a handler made and that came back into the loop.
_NOT_THE_WORKER = 0


def work(
    url: str, config: PluginsConfig, plugin: str, busy_since: c_double, memory: int | None, once: bool
) -> None:  # fmt: skip
    """Tell one plugin's subscribers, one delivery at a time; *busy_since* says to the supervisor how long one takes."""
    os.setsid()  # so that what a handler starts ends with it, and a terminal's interrupt reaches the supervisor alone
    stop, own, parent = Event(), os.getpid(), os.getppid()

    def on_signal(_: int, __: object) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    if memory is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    def begin() -> None:
        busy_since.value = time.monotonic()

    def end() -> bool:
        if os.getpid() != own:
            os._exit(_NOT_THE_WORKER)
        busy_since.value = 0.0
        return os.getppid() == parent

    begin()  # opening may hang as well
    with CRM.open(url, plugins=config, delivery="external", migrate="never") as crm:
        crm.relay.only = frozenset({plugin})
        run(crm, stop, once=once, limit=1, before=begin, after=end)
        busy_since.value = 0.0
