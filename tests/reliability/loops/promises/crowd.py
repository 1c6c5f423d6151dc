"""
R2: eight processes commit, two relays tell, and nobody may be forgotten: `python -m promises.crowd '{…}'`.

A cursor reads along, as one would who trusts in positions: of two transactions that run at once the later position may
be committed first, and whoever is past it never looks back.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import attrs
from sqlalchemy import text

from crmkit import CRM
from crmkit.domain.delivery import Delivery
from crmkit.domain.where import EVERYTHING
from crmkit.errors import StorageBusy
from crmkit.events import ClientAdded
from crmkit.plugins import Plugin, on
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.transaction import SQLTransaction

#: Events of one commit, the longest delay before one, how often the idle look, and how long all may take, in seconds.
EVENTS, DELAY, LOOK, LIMIT = 5, 0.004, 0.02, 3 * 3600

#: Nobody sets it: a pause.
BETWEEN = Event()


class Loop(Plugin[None]):
    """Two who hear, and write down what they heard."""

    name = "loop"
    heard = -1

    @on(ClientAdded)
    def one(self, event: ClientAdded) -> None:
        """Hear."""
        os.write(self.heard, b"one %s\n" % event.id.hex.encode())

    @on(ClientAdded)
    def other(self, event: ClientAdded) -> None:
        """Hear, too."""
        os.write(self.heard, b"other %s\n" % event.id.hex.encode())


@attrs.define
class Crowd:
    """One run; what it counted is what it answers."""

    url: str
    folder: Path = attrs.field(converter=Path)
    events: int = 1_000
    writers: int = 8
    relays: int = 2
    seed: int = 1
    plugin: Loop = attrs.field(init=False, factory=Loop)
    storage: SQLStorage = attrs.field(init=False)
    crm: CRM = attrs.field(init=False)

    def run(self) -> dict[str, int]:
        """Write and tell until everything is told; then compare with the journal."""
        self.storage = SQLStorage(self.url)
        self.crm = CRM(self.storage, plugins=[self.plugin], delivery="external")
        self.crm.relay.run_once()
        self.storage.connections.forget()
        reading, writing = os.pipe()
        began = time.monotonic()
        relays = [self._fork(partial(self._tell, number)) for number in range(self.relays)]
        cursor = self._fork(partial(self._follow, writing))
        writers = [self._fork(partial(self._write, number)) for number in range(self.writers)]
        try:
            for pid in writers:
                if status := os.waitpid(pid, 0)[1]:
                    raise ChildProcessError(f"A writer failed: {status}.")
            while self._waiting():
                BETWEEN.wait(LOOK)
            seconds = time.monotonic() - began
            os.kill(cursor, signal.SIGTERM)
            if not select.select([reading], [], [], 60)[0]:
                raise TimeoutError("The cursor does not answer.")
            overlooked = int(os.read(reading, 64))
        finally:
            for pid in (cursor, *relays):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        counts = self._compared() | {"deliveries a second": round(2 * self.events / seconds)}
        self.crm.close()
        return counts | {"overlooked by a cursor": overlooked}

    def _compared(self) -> dict[str, int]:
        with self.crm.read() as tx:
            entries = tx._unit.store.journal()
            there = {event.id.hex for entry in entries for event in entry.events if event.topic == "client.added"}
        heard = Counter(line for file in self.folder.glob("heard-*") for line in file.read_text().splitlines())
        wanted = {f"{who} {id}" for who in ("one", "other") for id in there}
        return {
            "events": len(there), "subscribers": 2, "lost": len(wanted - heard.keys()),
            "told again": sum(count - 1 for count in heard.values()), "never happened": len(heard.keys() - wanted),
        }  # fmt: skip

    def _waiting(self) -> bool:
        with self.crm.begin() as tx:
            store = tx._unit.store
            return bool(store.pending(1)) or store.count(Delivery, EVERYTHING) > 0

    def _fork(self, does: Callable[[], None]) -> int:
        if (pid := os.fork()) == 0:
            signal.alarm(LIMIT)
            try:
                does()
            except BaseException as error:  # noqa: BLE001  # a child must not go on as its parent
                sys.stderr.write(f"{error!r}\n")
                os._exit(1)
            os._exit(0)
        return pid

    def _write(self, number: int) -> None:
        random, commit = Random(f"{self.seed} {number}"), SQLTransaction.commit

        def late(self: Any) -> None:
            self.flush()
            BETWEEN.wait(random.uniform(0, DELAY))  # the journal has its position, and nobody sees it yet
            commit(self)

        SQLTransaction.commit = late  # type: ignore[method-assign]
        mine = self.events // self.writers
        while mine:
            some = min(EVENTS, mine)
            with suppress(StorageBusy), self.crm.begin() as tx:  # SQLite lets one write at a time, and is not fair
                for _ in range(some):
                    tx.clients.add(name="Ada")
                mine -= some  # nobody is turned away at the commit, for the lock is held by then

    def _tell(self, number: int) -> None:
        self.plugin.heard = os.open(self.folder / f"heard-{number}", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        while True:
            did = False
            with suppress(StorageBusy):  # what it had claimed is told when the lease is over
                did = bool(self.crm.relay.run_once())
            if not did:
                BETWEEN.wait(LOOK)

    def _follow(self, told: int) -> None:
        """Read what is behind the last position seen, over and over; at the end, say what that did not find."""
        over = list[int]()
        signal.signal(signal.SIGTERM, lambda _signal, _frame: over.append(1))
        last, seen = 0, 0
        with self.storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while True:
                last_look = bool(over)
                behind = text("SELECT seq FROM crm_journal WHERE seq > :last ORDER BY seq")
                found = [seq for (seq,) in connection.execute(behind, {"last": last})]
                seen, last = seen + len(found), found[-1] if found else last
                if last_look:
                    break
                BETWEEN.wait(0.001)
            there = connection.execute(text("SELECT count(*) FROM crm_journal")).scalar_one()
        os.write(told, b"%d" % (there - seen))
        signal.pause()


def main() -> None:
    """Run the loop."""
    json.dump(Crowd(**json.loads(sys.argv[1])).run(), sys.stdout)


if __name__ == "__main__":
    main()
