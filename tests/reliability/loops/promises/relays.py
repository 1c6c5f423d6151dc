"""
R4: kill the relay at a random instant, over and over, and look at what was told: `python -m promises.relays '{…}'`.

Each event is to be told to another system, which does a thing once for each key and dies now and then, and to an
observer that writes into the store itself, under `ctx.once`. Between two kills hours pass by the CRM's clock, so that
leases are over and whatever failed is due again.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import select
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from threading import Event

import attrs

from crmkit import CRM
from crmkit.domain.delivery import Delivery
from crmkit.domain.where import EVERYTHING
from crmkit.events import ClientAdded, NoteAdded
from crmkit.plugins import EventContext, Plugin, on
from crmkit.storage.sql import SQLStorage
from crmkit.testing import FrozenClock
from promises import sink

#: How many clients a store gets at each kill, and how long a child may take at most.
EVENTS, LIMIT = 2, 60.0

#: Nobody sets it: a pause.
BETWEEN = Event()


class Loop(Plugin[None]):
    """Tells outside and inside."""

    name = "loop"
    address = ""
    #: Where a child says that it has begun to tell.
    told = -1

    @on(ClientAdded, attempts=100)
    def outside(self, ctx: EventContext, event: ClientAdded) -> None:
        """Under the key; who hears it twice knows."""
        os.write(self.told, b".")
        sink.ask(self.address, ctx.idempotency_key, str(event.subject))

    @on(ClientAdded, attempts=100)
    def inside(self, ctx: EventContext, event: ClientAdded) -> None:
        """In one commit with the note that it was."""
        os.write(self.told, b".")
        with ctx.begin() as tx:
            if ctx.once(tx):
                tx.notes.add(event.client_id, text="told")


@attrs.define
class Relays:
    """One loop; what it counted is what it answers."""

    folder: Path = attrs.field(converter=Path)
    kills: int = 20
    seed: int = 1
    #: An empty store on a server; a file for every so many kills unless given.
    url: str = ""
    life: int = 500
    counts: Counter[str] = attrs.field(factory=Counter[str])

    def run(self) -> dict[str, int]:
        """Kill until done, on a new file now and then, so that looking stays cheap."""
        life = self.kills if self.url else self.life
        for start in range(0, self.kills, life):
            folder = self.folder / str(start)
            folder.mkdir()
            store = Store(self, folder, Random(f"{self.seed} {start}"))
            try:
                for _ in range(start, min(start + life, self.kills)):
                    store.cycle()
                store.look()
            finally:
                store.close()
        told = ("kills", "while telling", "events", "told again", "lost", "doubled")
        return {what: self.counts[what] for what in told}


class Store:
    """One store, and one sink, of which relays tell."""

    def __init__(self, loop: Relays, folder: Path, random: Random) -> None:
        self.counts, self.random = loop.counts, random
        self.sink = sink.Sink(folder, random.randrange(1_000_000))
        self.sink.start()
        self.plugin, self.clock = Loop(), FrozenClock()
        self.plugin.address = self.sink.address
        self.plugin.told = os.open(os.devnull, os.O_WRONLY)
        self.storage = SQLStorage(loop.url or f"sqlite:///{folder}/crm.db")
        self.crm = CRM(self.storage, clock=self.clock, plugins=[self.plugin], delivery="external")
        self.happens()
        self.crm.relay.drain()  # loads and compiles here what each child would have to
        gc.collect()
        gc.freeze()

    def happens(self) -> None:
        """Something to tell."""
        with self.crm.begin() as tx:
            for _ in range(EVENTS):
                tx.clients.add(name="Ada")

    def cycle(self) -> None:
        """Start a relay, and kill it: soon after its start, soon after it began to tell the n-th time, or later."""
        self.happens()
        self.clock.go_on(hours=7)
        self.storage.connections.forget()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            self.plugin.told = writing
            _work(self.crm, writing)
        os.close(writing)
        wanted, heard, idle = self.random.randrange(0, 2 * EVENTS + 1), 0, False
        deadline = time.monotonic() + LIMIT
        while heard < wanted and not idle:
            if not select.select([reading], [], [], deadline - time.monotonic())[0]:
                raise TimeoutError("A relay neither tells nor dies.")
            said = os.read(reading, 1)
            heard += said.count(b".")
            idle = b"!" in said or not said
        BETWEEN.wait(self.random.uniform(0, 0.002))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            raise ChildProcessError(f"A relay ended by itself: {status}.")
        while said := os.read(reading, 4096):
            idle = idle or b"!" in said
        os.close(reading)
        self.counts["kills"] += 1
        self.counts["while telling"] += not idle

    def look(self) -> None:
        """Let a relay live that tells the rest; then everything was done once."""
        for _ in range(100):
            self.clock.go_on(hours=7)
            self.crm.relay.drain()
            with self.crm.read() as tx:
                if not tx._unit.store.count(Delivery, EVERYTHING):
                    break
        effects, again = self.sink.said()
        with self.crm.read() as tx:
            clients = {str(client.id) for client in tx.clients.stream()}
            events = [event for entry in tx._unit.store.journal() for event in entry.events]
        noted = Counter(str(event.client_id) for event in events if isinstance(event, NoteAdded))
        for told in (effects, noted):
            self.counts["lost"] += len(clients - told.keys())
            self.counts["doubled"] += sum(count - 1 for count in told.values())
        self.counts["events"] += len(clients)
        self.counts["told again"] += again

    def close(self) -> None:
        """Done with this store."""
        self.crm.close()
        self.sink.stop()


def _work(crm: CRM, told: int) -> None:
    """Tell, until killed."""
    signal.alarm(int(LIMIT))
    while True:
        if not crm.relay.run_once():
            os.write(told, b"!")
            signal.pause()


def main() -> None:
    """Run the loop."""
    logging.disable()  # a sink that dies is no news here
    json.dump(Relays(**json.loads(sys.argv[1])).run(), sys.stdout)


if __name__ == "__main__":
    main()
