"""Another system, which does what it is asked once for each key, and dies now and then, before or after doing it."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import attrs

#: How often it dies, before it has done what it is asked, and after, without a word.
DIES = 0.02
#: A sink nobody ends by itself: so that none is left over if its loop is killed.
LIMIT = 3 * 3600


@attrs.define
class Sink:
    """A process that listens, and one beside it that starts it again; what it did stands in a file."""

    folder: Path
    seed: int
    keeper: int = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return str(self.folder / "sink")

    @property
    def file(self) -> Path:
        """What it did, and how often it was asked to."""
        return self.folder / "sink.db"

    def start(self) -> None:
        """Listen, and go on doing so whoever dies."""
        with closing(sqlite3.connect(self.file)) as done:
            done.execute("PRAGMA journal_mode=wal")
            done.execute("CREATE TABLE done (key TEXT PRIMARY KEY, what TEXT, asked INTEGER)")
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self.address)
        listening.listen(64)
        self.keeper = os.fork()
        if self.keeper == 0:
            self._keep(listening)
        listening.close()

    def _keep(self, listening: socket.socket) -> None:
        os.setpgid(0, 0)
        for life in range(sys.maxsize):
            pid = os.fork()
            if pid == 0:
                signal.alarm(LIMIT)
                _serve(listening, self.file, Random(f"{self.seed} {life}"))
            os.waitpid(pid, 0)

    def stop(self) -> None:
        """End both processes."""
        os.killpg(self.keeper, signal.SIGKILL)
        os.waitpid(self.keeper, 0)

    def said(self) -> tuple[dict[str, int], int]:
        """How often each thing was done, and how often it was asked for again."""
        with closing(sqlite3.connect(self.file)) as done:
            effects = dict(done.execute("SELECT what, count(*) FROM done GROUP BY what"))
            ((again,),) = done.execute("SELECT coalesce(sum(asked - 1), 0) FROM done")
        return effects, again


def ask(address: str, key: str, what: str) -> None:
    """Have it done; `ConnectionError` if nobody says that it is."""
    with socket.socket(socket.AF_UNIX) as talking:
        talking.connect(address)
        talking.sendall(f"{key} {what}\n".encode())
        if talking.recv(16) != b"done":
            raise ConnectionResetError


def _serve(listening: socket.socket, file: Path, random: Random) -> None:
    """One question a connection."""
    done = sqlite3.connect(file, isolation_level=None)
    done.execute("PRAGMA synchronous=off")  # processes die here, machines do not
    while True:
        talking, _ = listening.accept()
        with talking:
            asked = talking.recv(4096).decode()
            if not asked.endswith("\n"):  # who asked died first
                continue
            if random.random() < DIES:
                os._exit(1)
            key, what = asked.split()
            done.execute(
                "INSERT INTO done VALUES (?, ?, 1) ON CONFLICT (key) DO UPDATE SET asked = asked + 1", (key, what)
            )
            if random.random() < DIES:
                os._exit(1)
            try:
                talking.sendall(b"done")
            except OSError:  # who asked is dead
                continue
