"""A worker process for each plugin: one that dies is started again, one that hangs is killed at its deadline."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from ctypes import c_double
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import RawValue
from threading import Event

import attrs

from crmkit.plugins import PluginsConfig
from crmkit.relay.worker import work

logger = logging.getLogger("crmkit.relay")
_SPAWN = get_context("spawn")
#: How often workers are looked at, and how long one that died again and again waits at most, in seconds.
LOOK, LONGEST_PAUSE = 0.1, 30.0
#: How long one has to live, in seconds, to be started again at once.
HEALTHY = 60.0


@attrs.frozen
class Limits:
    """
    What one delivery may take: so many seconds (as long as its claim holds), so many bytes of address space.

    >>> Limits().seconds
    60.0
    """

    seconds: float = 60.0
    memory: int | None = None


@attrs.define
class _Worker:
    plugin: str
    busy_since: c_double = attrs.field(factory=lambda: RawValue(c_double, 0.0))
    process: SpawnProcess | None = None
    started: float = 0.0
    deaths: int = 0
    start_at: float = 0.0
    done: bool = False


class Supervisor:
    """
    Runs a worker for each of *plugins*, all on the store at *url*.

    The delivery that killed its worker has lost an attempt and is due again when its claim ends; after as many as its
    subscriber allows it is dead. The other plugins' workers know nothing of it.
    """

    def __init__(self, url: str, config: PluginsConfig, plugins: Iterable[str], limits: Limits | None = None) -> None:
        self._url = url
        self._config = config
        self._limits = limits or Limits()
        self._workers = [_Worker(name) for name in plugins]

    def run(self, stop: Event, *, once: bool = False) -> None:
        """Until *stop* is set, or with *once* until no worker finds anything due; then every worker is gone."""
        try:
            while not stop.is_set() and not all(one.done for one in self._workers):
                for one in self._workers:
                    self._look_after(one, once)
                stop.wait(LOOK)
        finally:
            self._end()

    def pids(self) -> dict[str, int]:
        """The process of each plugin whose worker runs."""
        return {
            one.plugin: one.process.pid
            for one in self._workers
            if one.process is not None and one.process.pid is not None and one.process.is_alive()
        }

    def _look_after(self, one: _Worker, once: bool) -> None:
        now = time.monotonic()
        if one.done:
            return
        if one.process is None:
            if now >= one.start_at:
                self._start(one, once)
            return
        if one.process.is_alive():
            since = one.busy_since.value
            if since and now > since + self._limits.seconds:
                logger.error("%s took longer than %g seconds: its worker is killed", one.plugin, self._limits.seconds)
                _kill(one.process)
            return
        code = one.process.exitcode
        _kill(one.process)  # what it started may have outlived it
        one.process = None
        if once and code == 0 and not one.busy_since.value:
            one.done = True
            return
        one.deaths = 0 if now > one.started + HEALTHY else one.deaths + 1
        one.start_at = now + min(0.1 * 2 ** min(one.deaths, 16), LONGEST_PAUSE)
        logger.error("the worker of %s ended with code %s: it is started again", one.plugin, code)

    def _start(self, one: _Worker, once: bool) -> None:
        one.busy_since.value = 0.0
        one.started = time.monotonic()
        one.process = _SPAWN.Process(
            target=work, name=f"crmkit relay {one.plugin}",
            args=(self._url, self._config, one.plugin, one.busy_since, self._limits.memory, once),
        )  # fmt: skip
        one.process.start()

    def _end(self) -> None:
        """Let each finish what it holds, within the time one delivery may take."""
        left = [one.process for one in self._workers if one.process is not None]
        for process in left:
            process.terminate()
        deadline = time.monotonic() + self._limits.seconds
        for process in left:
            process.join(max(deadline - time.monotonic(), 0.0))
            _kill(process)


def _kill(process: SpawnProcess) -> None:
    """With everything it started."""
    if process.pid is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            process.kill()  # it may not have a group of its own yet
    process.join()
