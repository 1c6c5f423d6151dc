"""
Kill a process that adds and removes documents, at a random instant, over and over, and look at what it left.

`python -m promises.papers '{"folder": …}'`. A document without its content is lost; a content without a document is
what a kill may leave, and a sweep must find.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from random import Random

import attrs

from crmkit import CRM, FilesystemBlobs
from crmkit.crm.sweeping import sweep_blobs
from crmkit.storage.sql import SQLStorage

LIMIT = 60.0


@attrs.define
class Papers:
    """One loop; what it counted is what it answers."""

    folder: Path = attrs.field(converter=Path)
    kills: int = 20
    seed: int = 1
    documents: int = 0
    acknowledged: int = 0
    lost: int = 0
    contents_left: int = 0
    unswept: int = 0

    def run(self) -> dict[str, int]:
        """Kill and look until done."""
        random, blobs = Random(self.seed), FilesystemBlobs(self.folder / "contents")
        storage = SQLStorage(f"sqlite:///{self.folder}/crm.db")
        crm = CRM(storage, blobs=blobs)
        with crm.begin() as tx:  # a rehearsal: what each child would have to load
            tx.documents.add(name="first", content=b"first")
        for _ in range(self.kills):
            storage.connections.forget()  # nobody may have the file open but the child
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                work(crm, writing)
            os.close(writing)
            self.kill(pid, reading, random)
            self.look(crm, blobs)
        crm.close()
        return {name: value for name, value in attrs.asdict(self).items() if name not in ("folder", "seed")}

    def kill(self, pid: int, told: int, random: Random) -> None:
        """Hear some commits, wait a little, kill."""
        for _ in range(random.randrange(4)):
            if not select.select([told], [], [], LIMIT)[0]:
                raise TimeoutError("A child does not work.")
            self.acknowledged += len(os.read(told, 1))
        deadline = time.monotonic() + random.uniform(0, 0.02)
        while (left := deadline - time.monotonic()) > 0:
            if select.select([told], [], [], left)[0]:
                self.acknowledged += len(os.read(told, 1))
        os.kill(pid, signal.SIGKILL)
        if abs(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])) != signal.SIGKILL:
            raise ChildProcessError("A child ended by itself.")
        os.close(told)

    def look(self, crm: CRM, blobs: FilesystemBlobs) -> None:
        """Every document has its content, and once swept every content has its document."""
        with crm.read() as tx:
            there = {document.id: tx.documents.verify(document.id) for document in tx.documents.stream()}
        self.documents += len(there)
        self.lost += list(there.values()).count(False)
        self.contents_left += len(set(blobs.keys()) - there.keys())
        sweep_blobs(crm.read, older_than=timedelta(hours=-1))
        self.unswept += len(set(blobs.keys()) ^ there.keys())


def work(crm: CRM, told: int) -> None:
    """Add two, remove the oldest two but one, acknowledge; until killed."""
    signal.alarm(int(LIMIT))
    while True:
        with crm.begin() as tx:
            for size in (10, 200_000):
                tx.documents.add(name="paper", content=os.urandom(size))
            for old in tx.documents.list(order_by="created_at", limit=1000)[1:-4]:
                tx.documents.remove(old.id)
        os.write(told, b".")


if __name__ == "__main__":
    json.dump(Papers(**json.loads(sys.argv[1])).run(), sys.stdout)
