"""One plugin's process: what its handlers do to it, they do to nobody else."""

from __future__ import annotations

import os
import signal
from contextlib import AbstractContextManager
from threading import Event

import attrs

from crmkit.crm import CRM
from crmkit.plugins import Plugins, PluginsConfig
from crmkit.relay.loop import run
from crmkit.relay.sign import Sign

#: The exit code of a fork that a plugin made and that came back into the loop.
_NOT_THE_WORKER = 0


@attrs.frozen
class Work:
    """
    What a worker has to do: tell the subscribers of one *plugin* of *config*, in the store at *url*.

    *name* is what its claims are made under, whichever of its processes makes them. Those *left_out* are not started:
    they ended one of them. *memory* is how many bytes it may have.
    """

    url: str
    config: PluginsConfig
    plugin: str
    name: str
    left_out: frozenset[str] = frozenset()
    memory: int | None = None
    once: bool = False


def work(it: Work, sign: Sign) -> None:
    """Tell one plugin's subscribers, one delivery at a time; *sign* says to the supervisor how long one takes."""
    os.setsid()  # so that what a handler starts ends with it, and a terminal's interrupt reaches the supervisor alone
    stop, own, parent = Event(), os.getpid(), os.getppid()

    def on_signal(_: int, __: object) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    if it.memory is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (it.memory, it.memory))

    def begin() -> None:
        if os.getpid() != own:
            os._exit(_NOT_THE_WORKER)
        sign.begins()

    def end() -> bool:
        if os.getpid() != own:
            os._exit(_NOT_THE_WORKER)
        sign.rests()
        return os.getppid() == parent

    def starting(plugin: str) -> AbstractContextManager[None]:
        return sign.starts(it.config.enabled.index(plugin))

    begin()  # opening may hang as well
    plugins = Plugins(it.config)
    plugins.left_out, plugins.starting = it.left_out, starting
    with CRM.open(it.url, plugins=plugins, delivery="external", migrate="never") as crm:
        sign.opened()
        crm.relay.only = frozenset({it.plugin})
        crm.relay.take_over(it.name)
        run(crm, stop, once=it.once, limit=1, before=begin, after=end)
        sign.ends()
    sign.rests()
