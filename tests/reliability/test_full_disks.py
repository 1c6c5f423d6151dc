"""R6: a full disk stops one command, and nothing else."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from promises.figures import Figure
from promises.scales import scales

from crmkit import CRM
from crmkit.errors import StorageFull

Tell = Callable[..., Figure]
#: How large the disk is, how large the steps that it is filled in, and how often one store is tried.
SIZE, BLOCK, FILLS = 16_000_000, 4096, 10


@pytest.fixture
def small_disk() -> Generator[Path]:
    """A disk of sixteen megabytes, where one may be mounted."""
    place = Path(tempfile.mkdtemp(prefix="crmkit-"))
    mount, umount = shutil.which("mount") or "mount", shutil.which("umount") or "umount"
    command = [mount, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        place.rmdir()
        pytest.skip("Only who may mount a disk of memory can fill one.")
    yield place
    subprocess.run([umount, str(place)], check=True, capture_output=True)
    place.rmdir()


def _leave(room: int, ballast: Path) -> None:
    """Fill the disk up to so many bytes."""
    free = os.statvfs(ballast.parent).f_bavail * os.statvfs(ballast.parent).f_frsize
    with ballast.open("wb") as others:
        for _ in range(max(0, free - room) // BLOCK):
            others.write(bytes(BLOCK))


@scales(plain=3, heavy=200, nightly=5_000)
def test_a_full_disk_stops_one_command_and_nothing_else(run: str, scale: int, small_disk: Path, tell: Tell) -> None:
    """It is `StorageFull`; what was acknowledged is there and can be read; with room made, the next one works."""
    random, ballast, written = Random(scale), small_disk / "ballast", 0
    wrong = {"lost": 0, "left half": 0, "broken files": 0}
    for fill in range(0, scale, FILLS):
        file = small_disk / f"{fill}.db"
        acknowledged = 0
        with CRM.open(f"sqlite:///{file}") as crm:
            for _ in range(min(FILLS, scale - fill)):
                _leave(random.randrange(120_000), ballast)
                with pytest.raises(StorageFull):
                    while True:
                        with crm.begin() as tx:
                            tx.clients.add(name="x" * random.randrange(1, 400))
                        acknowledged += 1
                _compare(acknowledged, _read(crm), wrong)
                ballast.unlink()
                with crm.begin() as tx:
                    tx.clients.add(name="with room again")
                acknowledged += 1
                _compare(acknowledged, _read(crm), wrong)
        with closing(sqlite3.connect(file)) as sound:
            wrong["broken files"] += [("ok",)] != sound.execute("PRAGMA integrity_check").fetchall()
        for left in small_disk.iterdir():
            left.unlink()
        written += acknowledged
    tell("R6", "sqlite", run, {"fills": scale, "acknowledged": written, **wrong}, f"SQLite {sqlite3.sqlite_version}")
    assert {0} == set(wrong.values())


def _compare(acknowledged: int, there: list[int], wrong: dict[str, int]) -> None:
    """What is there against what was acknowledged."""
    clients, entries = there
    wrong["lost"] += max(0, acknowledged - clients)
    wrong["left half"] += abs(clients - entries) + max(0, clients - acknowledged)


def _read(crm: CRM) -> list[int]:
    """How many clients, and how many entries of the journal: one with each."""
    with crm.read() as tx:
        return [len(list(tx.clients.stream())), crm.health().journal]
