"""
R2, in order: several relays tell of the same subjects, and none may come before its turn: `python -m promises.order '{…}'`.

Two processes commit changes of some clients, and tell in a thread of their own; others only tell, and one of them is
killed now and then. Observers fail, ask for a later time, take long, are async, or fail so much for a while that their
plugin is left alone. An operator retries what is dead, or forgets it, or forgets whoever comes first. All processes
write what they do to one file, whose order is that of time; time runs a hundred times as fast.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from threading import Event

import attrs

from crmkit import CRM
from crmkit.domain.delivery import Delivery
from crmkit.domain.where import EVERYTHING
from crmkit.errors import Conflict, Retry, StorageBusy
from crmkit.events import ClientUpdated
from crmkit.ids import ClientId
from crmkit.plugins import Plugin, on
from crmkit.plugins.delivery import breaker, modes, queue
from crmkit.plugins.delivery.modes import Mode
from crmkit.storage.sql import SQLStorage
from promises.told import Told, compared

#: How fast time runs, how often the idle look, and how long all may take, in seconds.
SPEED, LOOK, LIMIT = 100, 0.02, 900
#: How many attempts fail, ask for later, and take long; how many minutes of an hour all fail, in the stormy plugin.
FAILS, LATER, SLOW, STORM = 0.25, 0.05, 0.1, 4
#: How many write and tell, and how many only tell.
WRITERS, RELAYS = 2, 2

ORDERED, FREE = ("loop.steady", "loop.waiting", "stormy.sails"), ("loop.free",)

#: Nobody sets it: a pause.
BETWEEN = Event()


class Hurried:
    """A clock that all processes share."""

    def now(self) -> datetime:
        """Ten minutes in six seconds."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=time.monotonic() * SPEED)


class Loop(Plugin[None]):
    """Hears in order, whatever happens to it."""

    name = "loop"

    def __init__(self, told: Told) -> None:
        super().__init__()
        self.told, self.random = told, Random()

    @on(ClientUpdated, ordered=True, attempts=4)
    def steady(self, event: ClientUpdated) -> None:
        """Mostly, that is."""
        with self.told.trying("loop.steady", event):
            self._suffer(event)

    @on(ClientUpdated, ordered=True, attempts=4)
    async def waiting(self, event: ClientUpdated) -> None:
        """The same, on the loop."""
        with self.told.trying("loop.waiting", event):
            await asyncio.to_thread(BETWEEN.wait, 0.0005)
            self._suffer(event)

    @on(ClientUpdated)
    def free(self, event: ClientUpdated) -> None:
        """In any order: what stands beside must not hold it up."""
        with self.told.trying("loop.free", event):
            pass

    def _suffer(self, event: ClientUpdated) -> None:
        chance = self.random.random()
        if chance < FAILS:
            raise ValueError(event.version)
        if chance < FAILS + LATER:
            raise Retry(after=self.random.uniform(0, 20))
        if chance < FAILS + LATER + SLOW:
            BETWEEN.wait(self.random.uniform(0, 0.02))


class Stormy(Plugin[None]):
    """So ill now and then that it is left alone."""

    name = "stormy"

    def __init__(self, told: Told) -> None:
        super().__init__()
        self.told = told

    @on(ClientUpdated, ordered=True, attempts=4)
    def sails(self, event: ClientUpdated) -> None:
        """If the weather permits."""
        with self.told.trying("stormy.sails", event):
            if Hurried().now().minute % 20 < STORM:
                raise ConnectionError


@attrs.define
class Order:
    """One run; what it counted is what it answers."""

    url: str
    folder: Path = attrs.field(converter=Path)
    events: int = 100
    clients: int = 6
    kills: int = 3
    seed: int = 1
    ids: Sequence[ClientId] = ()
    counts: Counter[str] = attrs.field(factory=Counter[str])
    random: Random = attrs.field(init=False)
    storage: SQLStorage = attrs.field(init=False)
    told: Told = attrs.field(init=False)
    crm: CRM = attrs.field(init=False)

    def run(self) -> dict[str, int]:
        """Until everything is told, or forgotten."""
        modes.LOOK_AGAIN, breaker.TRIES = LOOK, 8
        queue.LOST = timedelta(days=3_650)  # whoever is overlooked is lost here
        self.random, self.storage, self.told = Random(self.seed), SQLStorage(self.url), Told(self.folder / "told")
        self.crm = self.opened("external")
        with self.crm.begin() as tx:
            self.ids = [tx.clients.add(name="Ada").id for _ in range(self.clients)]
        began, writers = time.monotonic(), [self.fork(partial(self.write, number)) for number in range(WRITERS)]
        relays = [self.fork(self.tell) for _ in range(RELAYS)]
        try:
            while self.told.count("wrote") < WRITERS or self.waits():
                if time.monotonic() > began + LIMIT:
                    raise TimeoutError("Something waits for ever.")
                self.look_after()
                if self.counts["kills"] < self.kills * self.told.count("told") / (4 * self.events):
                    self.kill(relays)
                BETWEEN.wait(LOOK)
        finally:
            for pid in (*writers, *relays):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        counts = compared(self.told.lines(), self.journal(), ORDERED, FREE)
        self.crm.close()
        counts["pauses"] = self.told.count("paused")
        return counts | {what: self.counts[what] for what in ("dead", "forgotten", "kills")}

    def opened(self, delivery: Mode) -> CRM:
        """A CRM of one's own."""
        return CRM(self.storage, clock=Hurried(), plugins=[Loop(self.told), Stormy(self.told)], delivery=delivery)

    def waits(self) -> bool:
        """Whether anything is still to be told."""
        with self.crm.begin() as tx:
            store = tx._unit.store
            return bool(store.pending(1)) or store.count(Delivery, EVERYTHING) > 0

    def journal(self) -> Mapping[str, Sequence[str]]:
        """Each subject's events, in their order."""
        events: dict[str, list[str]] = {}
        with self.crm.read() as tx:
            for entry in tx._unit.store.journal():
                for event in entry.events:
                    if isinstance(event, ClientUpdated):
                        events.setdefault(str(event.subject), []).append(str(event.id))
        return events

    def look_after(self) -> None:
        """As an operator would: retry what is dead, or forget it; forget whoever is first, now and then."""
        box = self.crm.relay.outbox
        for one in box.list(state="dead"):
            self.counts["dead"] += 1
            if self.random.random() < 0.8:
                box.retry([one.id])
            else:
                self.forget(one)
        if self.counts["forgotten"] < self.told.count("told") / 100:
            for one in box.list(state="waiting", limit=1):
                self.forget(one)

    def forget(self, one: Delivery) -> None:
        """From now on nobody has to be told."""
        self.counts["forgotten"] += 1
        self.told.say("gone", one.subscriber, str(one.event_id))
        self.crm.relay.outbox.discard([one.id])

    def kill(self, relays: list[int]) -> None:
        """And let another begin."""
        self.counts["kills"] += 1
        pid = relays.pop(self.random.randrange(len(relays)))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        relays.append(self.fork(self.tell))

    def fork(self, does: Callable[[], None]) -> int:
        """A process that does so until it is killed."""
        self.storage.connections.forget()
        if (pid := os.fork()) == 0:
            signal.alarm(LIMIT)
            try:
                does()
            except BaseException as error:  # noqa: BLE001  # a child must not go on as its parent
                sys.stderr.write(f"{error!r}\n")
            os._exit(1)
        return pid

    def write(self, number: int) -> None:
        """Change clients, sometimes one several times at once, and tell in a thread."""
        random, left, crm = Random(f"{self.seed} {number}"), self.events // WRITERS, self.opened("thread")
        while left:
            some = min(left, random.choice((1, 1, 1, 4)))
            with suppress(Conflict, StorageBusy):
                with crm.begin() as tx:
                    one = random.choice(self.ids)
                    for _ in range(some):
                        tx.clients.update(one, name=f"Ada {random.random()}")
                left -= some
        self.told.say("wrote")
        while True:
            signal.pause()

    def tell(self) -> None:
        """In this process, and nothing else."""
        crm, paused = self.opened("external"), frozenset[str]()
        while True:
            did = False
            with suppress(StorageBusy):  # what it had claimed is told when the lease is over
                did = bool(crm.relay.run_once(10))
            if (now := crm.relay.open_breakers()) > paused:
                self.told.say("paused")
            paused = now
            if not did:
                BETWEEN.wait(LOOK)


def main() -> None:
    """Run the loop."""
    logging.disable()  # an observer that fails is no news here
    json.dump(Order(**json.loads(sys.argv[1])).run(), sys.stdout)


if __name__ == "__main__":
    main()
