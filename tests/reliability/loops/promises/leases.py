"""
R3: stop a relay in the middle of a handler, or kill it, and let another take over: `python -m promises.leases '{…}'`.

Who was stopped goes on. Many at a time, each upon an event of its own, in one store. The leases run by the real clock.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from datetime import timedelta
from random import Random
from threading import Event

import attrs

from crmkit import CRM
from crmkit.domain.delivery import Delivery
from crmkit.domain.where import EVERYTHING
from crmkit.events import ClientAdded
from crmkit.plugins import EventContext, Plugin, on
from crmkit.storage.sql import SQLStorage

#: How long a claim lasts here, how often an idle relay looks at least, and how long anything may take, in seconds.
LEASE, LOOK, LIMIT = 1.0, 0.1, 60.0
#: What happens to a relay that has begun: it is stopped, and done before its successor or after it; or it is killed.
WAYS = ("done first", "done last", "killed", "killed")

#: Nobody sets it: a pause.
BETWEEN = Event()


class Loop(Plugin[None]):
    """Says that it has begun, and waits for a word."""

    name = "loop"
    told = word = -1
    begun = False

    @on(ClientAdded, attempts=100)
    def hears(self, ctx: EventContext, event: ClientAdded) -> None:
        """Hold whoever tells until it may go on."""
        self.begun = True
        os.write(self.told, f"began {ctx.idempotency_key}\n".encode())
        os.read(self.word, 1)


@attrs.define(eq=False)
class One:
    """A relay, a process of its own."""

    pid: int
    told: int
    word: int
    held: bool = False

    def goes_on(self) -> None:
        """Let its handler return, and itself if it was stopped."""
        if not self.held:
            return
        self.held = False
        os.write(self.word, b".")
        os.kill(self.pid, signal.SIGCONT)

    def ends(self) -> None:
        """Kill it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.word)


@attrs.define
class Story:
    """One event: who began to tell it, who has still to say what came of it, and how many marked it."""

    stopped: float
    first: One
    owing: list[One]
    way: str
    retaken: bool = False
    marks: int = 0
    over: bool = False


@attrs.define
class Leases:
    """One loop; what it counted is what it answers."""

    url: str
    times: int
    at_once: int = 8
    seed: int = 1
    happened: int = 0
    relays: dict[int, One] = attrs.field(factory=dict[int, One])
    stories: dict[str, Story] = attrs.field(factory=dict[str, Story])
    doing: dict[One, str] = attrs.field(factory=dict[One, str])
    slowest: float = 0.0
    over: int = 0
    random: Random = attrs.field(init=False)
    plugin: Loop = attrs.field(init=False, factory=Loop)
    storage: SQLStorage = attrs.field(init=False)
    crm: CRM = attrs.field(init=False)

    def run(self) -> dict[str, int]:
        """Go on until every story is told."""
        self.random = Random(self.seed)
        self.storage = SQLStorage(self.url)
        self.crm = CRM(self.storage, plugins=[self.plugin], delivery="external")
        self.crm.relay.queue._lease = timedelta(seconds=LEASE)
        self.crm.relay.run_once()
        self.at_once = min(self.at_once, self.times)
        for _ in range(2 * self.at_once):
            self.start()
        try:
            self.happens(self.at_once)
            while self.over < self.times:
                if not (heard := select.select(list(self.relays), [], [], LIMIT)[0]):
                    raise TimeoutError("A relay neither tells nor looks again.")
                for told in heard:
                    self.listen(self.relays[told])
            return self.counts()
        finally:
            for one in self.relays.values():
                one.ends()
            self.crm.close()

    def counts(self) -> dict[str, int]:
        """What came out, whatever it is."""
        with self.crm.read() as tx:
            left = tx._unit.store.count(Delivery, EVERYTHING)
        return {
            "stopped": sum(story.way != "killed" for story in self.stories.values()),
            "killed": sum(story.way == "killed" for story in self.stories.values()),
            "lost": left + sum(story.marks == 0 for story in self.stories.values()),
            "doubled": sum(max(0, story.marks - 1) for story in self.stories.values()),
            "ms slowest retake after the lease": max(0, round(1000 * (self.slowest - LEASE))),
        }

    def happens(self, count: int) -> None:
        """Something to tell."""
        self.happened += count
        with self.crm.begin() as tx:
            for _ in range(count):
                tx.clients.add(name="Ada")

    def start(self) -> None:
        """One more relay."""
        self.storage.connections.forget()
        (hearing, told), (word, telling) = os.pipe(), os.pipe()
        if (pid := os.fork()) == 0:
            self.plugin.told, self.plugin.word = told, word
            work(self.crm, self.plugin)
        os.close(told)
        os.close(word)
        self.relays[hearing] = One(pid, hearing, telling)

    def listen(self, one: One) -> None:
        """One relay says what it does; each line is one write, and short."""
        if not (said := os.read(one.told, 4096)):
            raise ChildProcessError("A relay ended by itself.")
        for line in said.decode().splitlines():
            what, _, which = line.partition(" ")
            if what == "began":
                self.doing[one], one.held = which, True
                self.began(one, which)
            else:
                self.told(one, int(which))

    def began(self, one: One, key: str) -> None:
        """The first is stopped, the second has taken over; a third would have come since the second was slow."""
        if (story := self.stories.get(key)) is None:
            story = self.stories[key] = Story(time.monotonic(), one, [one], self.random.choice(WAYS))
            if story.way == "killed":
                story.owing.remove(one)
                del self.relays[one.told], self.doing[one]
                one.ends()
                os.close(one.told)
                self.start()
            else:
                os.kill(one.pid, signal.SIGSTOP)
            return
        story.owing.append(one)
        if story.retaken:
            one.goes_on()
            return
        story.retaken = True
        self.slowest = max(self.slowest, time.monotonic() - story.stopped)
        (story.first if story.way == "done first" else one).goes_on()

    def told(self, one: One, marked: int) -> None:
        """
        What came of it; the other one goes on, if it has not yet.

        Nobody may have marked it yet, although all have said so: a third one has taken over, and is still to begin.
        """
        story = self.stories[self.doing.pop(one)]
        story.owing.remove(one)
        story.marks += marked
        if story.owing:
            story.owing[0].goes_on()
        elif story.marks and not story.over:
            story.over = True
            self.over += 1
            if self.happened < self.times:
                self.happens(1)


def work(crm: CRM, plugin: Loop) -> None:
    """Tell one event at a time, and say how many were marked as told."""
    while os.getppid() != 1:
        plugin.begun = False
        did = crm.relay.run_once(1)
        if plugin.begun:
            os.write(plugin.told, f"told {did.told}\n".encode())
        elif not did:
            due = crm.relay.wait_for()
            BETWEEN.wait(LOOK if due is None else min(LOOK, max(due.total_seconds(), 0.005)))
    os._exit(0)


def main() -> None:
    """Run the loop."""
    json.dump(Leases(**json.loads(sys.argv[1])).run(), sys.stdout)


if __name__ == "__main__":
    main()
