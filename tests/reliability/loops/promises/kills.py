"""
R1: kill a process that writes, at a random instant, over and over, and look at what it left.

A script of its own, for it forks, and a test run has threads: `python -m promises.kills '{"folder": …}'`. The next
child goes on with the same file; half of the time it is the child who recovers it, half of the time we, looking.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from uuid import UUID

import attrs

from crmkit import CRM, Client, Money, Transaction
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.databases import sqlite

#: A client whose name is the number of the last command: what is changed, beside what is added.
TALLY = ("loop", "tally")
#: How many rows one command adds to each table, and how many events to the journal's one row.
ROWS = {"client": 1, "contact_point": 2, "deal": 1, "deal_step": 2, "consent": 1, "external_id": 1, "key": 1}
EVENTS = 5
LIMIT = 60.0


@attrs.define
class Kills:
    """One loop; what it counted is what it answers."""

    folder: Path = attrs.field(converter=Path)
    journal: str = "wal"
    kills: int = 20
    seed: int = 1
    fresh: bool = False
    life: int = 5_000
    acknowledged: int = 0
    landed: int = 0
    faults: list[str] = attrs.field(factory=list[str])

    def run(self) -> dict[str, int]:
        """Kill and look until done, on a new file now and then, so that looking stays cheap."""
        for start in range(0, self.kills, self.life):
            file = File(self, self.folder / f"{start}.db")
            for number in range(start, min(start + self.life, self.kills)):
                file.cycle(number)
                if self.faults:
                    return self.counts(number + 1)
            file.look(thoroughly=True)
            file.close()
        return self.counts(self.kills)

    def counts(self, kills: int) -> dict[str, int]:
        """What came out, whatever it is."""
        lost = sum(fault.startswith("lost") for fault in self.faults)
        return {
            "kills": kills, "acknowledged": self.acknowledged, "lost": lost, "half": len(self.faults) - lost,
            "landed unacknowledged": self.landed,
        }  # fmt: skip


class File:
    """One database that children write and die on."""

    def __init__(self, loop: Kills, path: Path) -> None:
        self.loop, self.path, self.random = loop, path, Random(f"{loop.seed} {path.name}")
        self.url = f"sqlite:///{path}"
        in_the_journal_mode(loop.journal)
        self.storage = SQLStorage(self.url)
        self.crm = CRM(self.storage, consent="permissive")
        with self.crm.begin() as tx:
            tx.clients.add(name="0", external_ids={TALLY[0]: TALLY[1]})
        with suppress(_NotMeant):
            self.crm.run(_a_rehearsal, key="rehearsal")
        gc.collect()
        gc.freeze()
        #: The last command acknowledged, the last one known to be there, the last one looked at; and its journal row.
        self.acknowledged = self.there = self.looked = 0
        self.entries = 1

    def cycle(self, number: int) -> None:
        """Start a child, kill it, and perhaps look."""
        told, pid, child = self.start()
        self.listen(told, pid, child)
        os.close(told)
        if self.random.random() < 0.5 or number % 500 == 499:
            self.look(thoroughly=number % 500 == 499)
        for fault in self.loop.faults:
            sys.stderr.write(f"seed {self.loop.seed}, kill {number}: {fault}\n")

    def start(self) -> tuple[int, int, subprocess.Popen[bytes] | None]:
        """A child that works and tells, forked or in an interpreter of its own."""
        reading, writing = os.pipe()
        if self.loop.fresh:
            args = [sys.executable, "-m", "promises.kills", "work", self.url, str(writing), self.loop.journal]
            child = subprocess.Popen(args, pass_fds=(writing,))
            os.close(writing)
            return reading, child.pid, child
        self.storage.connections.forget()  # nobody may have the file open but the child
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            work(self.crm, writing)
        os.close(writing)
        return reading, pid, None

    def listen(self, told: int, pid: int, child: subprocess.Popen[bytes] | None) -> None:
        """Hear the child's commits and kill it at some instant: soon after its start, or soon after some commit."""
        rest, acks, wanted = b"", 0, self.random.randrange(-2, 7)
        grace = (0.3 if self.loop.fresh else 0.006) if wanted < 0 else 0.002
        deadline = time.monotonic() + (self.random.uniform(0, grace) if wanted < 0 else LIMIT)
        alive = True
        while True:
            left = deadline - time.monotonic() if alive else LIMIT
            if left <= 0 or not select.select([told], [], [], left)[0]:
                if not alive or wanted >= 0:
                    raise TimeoutError("A child neither works nor dies.")
                os.kill(pid, signal.SIGKILL)
                alive = False
                continue
            if not (chunk := os.read(told, 65536)):
                break
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                acks += self.heard(line.decode())
            if alive and wanted >= 0 and acks > wanted:
                wanted, deadline = -1, time.monotonic() + self.random.uniform(0, grace)
        _, status = os.waitpid(pid, 0) if child is None else (0, child.wait(LIMIT))
        if alive or abs(status) != signal.SIGKILL:
            raise ChildProcessError(f"A child ended by itself: {status}.")

    def heard(self, line: str) -> bool:
        """A child says where it begins, then each commit."""
        what, _, number = line.partition(" ")
        if what == "from":
            self.found(int(number))
            return False
        self.loop.acknowledged += 1
        self.acknowledged = self.there = int(number)
        return True

    def found(self, last: int) -> None:
        """The store's own word on the last command: the one acknowledged, or the one that was on its way."""
        if last < self.acknowledged:
            self.loop.faults.append(f"lost: {self.acknowledged} was acknowledged, {last} is the last")
        elif last > self.acknowledged + 1:
            self.loop.faults.append(f"half: {last} is there, {self.acknowledged} was the last")
        elif last > self.there:
            self.loop.landed += 1
        self.there = self.acknowledged = last

    def look(self, *, thoroughly: bool = False) -> None:
        """Every command since the last look is wholly there, and nothing else is."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            ((last,),) = db.execute("SELECT name FROM crm_client ORDER BY id LIMIT 1")
            self.found(int(last))
            self.loop.faults += self.half(db)
            if thoroughly and (said := db.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
                self.loop.faults.append(f"half: integrity_check says {said[:3]}")

    def half(self, db: sqlite3.Connection) -> Iterator[str]:
        """What is not as it must be."""
        journal = db.execute("SELECT seq, correlation_id, events FROM crm_journal WHERE seq > ?", (self.entries,))
        told = {int(number): json.loads(events) for _, number, events in journal}
        if list(told) != list(range(self.looked + 1, self.there + 1)):
            yield f"half: {self.looked + 1} to {self.there} in the store, {list(told)} in the journal"
        for number, events in told.items():
            key = db.execute("SELECT text FROM crm_key WHERE key = ?", (f"loop-{number}",)).fetchone()
            id = UUID(json.loads(key[0])["id"]) if key else UUID(int=0)
            whole = {"client": ("name = ?", f"Client {number}"), "deal": ("title = ?", f"Deal {number}")}
            for table, rows in ROWS.items():
                mine = "id" if table == "client" else "client_id"
                also, value = whole.get(table, ("1 = ?", 1))
                asked = f"SELECT count(*) FROM crm_{table} WHERE {mine} = ? AND {also}"
                if table != "key" and db.execute(asked, (id.bytes, value)).fetchone() != (rows,):
                    yield f"half: command {number} has not its {table}"
            if len(events) != EVENTS or not all(id.hex in json.dumps(event) for event in events[:-1]):
                yield f"half: command {number} has {len(events)} events"
        for table, rows in ROWS.items():
            extra = table in ("client", "external_id")
            ((count,),) = db.execute(f"SELECT count(*) FROM crm_{table}")
            if count != self.there * rows + extra:
                yield f"half: {count} rows in {table} after {self.there} commands"
        self.looked = self.there
        self.entries += len(told)

    def close(self) -> None:
        """Done with this file."""
        self.crm.close()


def work(crm: CRM, told: int) -> None:
    """Commit one command after the other, and acknowledge each, until killed."""
    signal.alarm(int(LIMIT))
    with crm.read() as tx:
        tally = tx.clients.find(external_id=TALLY)
        assert tally is not None
    number = int(tally.name)
    os.write(told, b"from %d\n" % number)
    while True:
        number += 1
        crm.bind(correlation_id=str(number)).run(lambda tx: command(tx, number), key=f"loop-{number}")  # noqa: B023
        os.write(told, b"ack %d\n" % number)


def command(tx: Transaction, number: int) -> Client:
    """One of everything that must not come apart, and one change of what was there."""
    phone, email = f"+7912{number:07}", f"c{number}@example.org"
    client = tx.clients.add(name=f"Client {number}", phone=phone, email=email, external_ids={"loop": str(number)})
    deal = tx.deals.open(client.id, title=f"Deal {number}", amount=Money("10.50", "EUR"))
    tx.deals.cancel(deal.id)
    tx.consents.grant(client.id, purpose="marketing", channel="email")
    tally = tx.clients.find(external_id=TALLY)
    assert tally is not None
    tx.clients.update(tally.id, name=str(number))
    return client


class _NotMeant(Exception):
    """Rolls back."""


def _a_rehearsal(tx: Transaction) -> None:
    """Load and compile here what each child would have to, and leave no trace."""
    command(tx, 0)
    raise _NotMeant


def in_the_journal_mode(journal: str) -> None:
    """SQLite's older way to commit, a rollback journal, holds for whoever's file cannot be in WAL mode."""
    sqlite.PRAGMAS = tuple(
        f"journal_mode={journal}" if pragma.startswith("journal_mode") else pragma for pragma in sqlite.PRAGMAS
    )


def main() -> None:
    """Run the loop, or be its child."""
    if sys.argv[1] == "work":
        in_the_journal_mode(sys.argv[4])
        work(CRM.open(sys.argv[2], consent="permissive"), int(sys.argv[3]))
    loop = Kills(**json.loads(sys.argv[1]))
    json.dump(loop.run(), sys.stdout)


if __name__ == "__main__":
    main()
