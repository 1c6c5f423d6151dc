"""A worker process for each plugin: one that dies is started again, one that hangs is killed at its deadline."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from threading import Event
from uuid import uuid4

import attrs

from crmkit.plugins import PluginsConfig
from crmkit.relay.sign import Sign
from crmkit.relay.worker import Work, work

logger = logging.getLogger("crmkit.relay")
_SPAWN = get_context("spawn")
#: How often workers are looked at, and how long one that died again and again waits at most, in seconds.
LOOK, LONGEST_PAUSE = 0.1, 30.0
#: How long one has to live, in seconds, to be started again at once.
HEALTHY = 60.0
#: How often a plugin may end its own worker while it is started, if that is to work once only.
STARTS = 3


@attrs.frozen
class Limits:
    """
    What one delivery, or starting one plugin, may take: so many seconds, so many bytes of address space.

    A claim holds for sixty seconds, so no delivery has more.

    >>> Limits().seconds
    60.0
    """

    seconds: float = 60.0
    memory: int | None = None


@attrs.define
class _Worker:
    work: Work
    sign: Sign = attrs.field(factory=Sign)
    process: SpawnProcess | None = None
    started: float = 0.0
    deaths: int = 0
    start_at: float = 0.0
    done: bool = False

    @property
    def plugin(self) -> str:
        return self.work.plugin


class Supervisor:
    """
    Runs a worker for each of *plugins*, all on the store at *url*.

    The delivery that killed its worker has lost an attempt and is told again after a while; after as many as its
    subscriber allows it is dead. A plugin whose `start` killed the worker of another is not started there any more. The
    other plugins' workers know nothing of it.
    """

    def __init__(self, url: str, config: PluginsConfig, plugins: Iterable[str], limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._config = config
        self._workers = [_Worker(Work(url, config, name, uuid4().hex, memory=self._limits.memory)) for name in plugins]

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
            if one.sign.busy_for(now) > self._limits.seconds:
                logger.error("%s took longer than %g seconds: its worker is killed", one.plugin, self._limits.seconds)
                _kill(one.process)
            return
        code = one.process.exitcode
        _kill(one.process)  # what it started may have outlived it
        one.process = None
        if once and (one.sign.is_ending or (code == 0 and not one.sign.is_busy)):
            one.done = True
            return
        # Whoever died of a delivery is not slowed down: that delivery waits longer each time, and has its last attempt.
        one.deaths = 0 if one.sign.is_telling or now > one.started + HEALTHY else one.deaths + 1
        one.start_at = now + min(0.1 * 2 ** min(one.deaths, 16), LONGEST_PAUSE)
        logger.error("the worker of %s ended with code %s: it is started again", one.plugin, code)
        if one.sign.starting is not None:
            self._died_starting(one, self._config.enabled[one.sign.starting], once)

    def _died_starting(self, one: _Worker, culprit: str, once: bool) -> None:
        """Its own plugin is all a worker is for; of the others what they decide is enough."""
        if culprit != one.plugin:
            logger.error("%s is not started any more in the worker of %s", culprit, one.plugin)
            one.work = attrs.evolve(one.work, left_out=one.work.left_out | {culprit})
            one.start_at = 0.0
        elif once and one.deaths >= STARTS:
            logger.error("%s cannot be started: what waits for it stays", one.plugin)
            one.done = True

    def _start(self, one: _Worker, once: bool) -> None:
        one.sign.clear()
        one.started = time.monotonic()
        one.process = _SPAWN.Process(
            target=work, name=f"crmkit relay {one.plugin}", args=(attrs.evolve(one.work, once=once), one.sign)
        )
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
