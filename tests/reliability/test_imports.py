"""R15: an import that is killed at any instant and run again comes to the same as one clean run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random

from promises.figures import Figure
from promises.scales import scales

from crmkit import CRM, ImportReport
from crmkit.events import Event

Tell = Callable[..., Figure]
#: What is stored, what the journal tells of by topic, and how many chunks are in it.
Kept = tuple[Counter[object], Counter[str], int]
ROWS, CHUNK = 50_000, 100
#: So long may a run take that nobody kills.
PATIENCE = 600.0


def _child(url: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "promises.importing", url, str(count), str(CHUNK)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent / "loops")


def _kept(file: Path) -> Kept:
    """What is stored, without ids and instants; what the journal tells of, by topic; chunks in the journal."""
    with CRM.open(f"sqlite:///{file}", region="RU", migrate="never") as crm, crm.read() as tx:
        names = {client.id: (client.name, tuple(sorted(client.tags)), client.version) for client in tx.clients.stream()}
        points = [(names[one.client_id], one.value, one.primary) for one in tx.contact_points.stream()]
        events: list[Event] = [event for entry in tx._unit.store.journal() for event in entry.events]
        topics = Counter([event.topic for event in events])
        assert 0 == crm.rebuild(dry_run=True).mended
        return Counter([*names.values(), *points]), topics, tx._unit.store.journal_length()


def _is_whole(file: Path) -> bool:
    """As many chunks in the journal as under keys: no half chunk, none without its mark."""
    with closing(sqlite3.connect(file)) as look, suppress(sqlite3.OperationalError):
        ((chunks, marks),) = look.execute(
            "SELECT (SELECT count(*) FROM crm_journal), (SELECT count(*) FROM crm_key WHERE key NOT LIKE '%:end')"
        )
        return bool(chunks == marks)
    return True  # killed before there was a schema


@scales(plain=3, heavy=100, nightly=2_000)
def test_an_import_killed_at_any_instant_comes_to_the_same_as_a_clean_one(
    run: str, scale: int, memory_folder: Path, tell: Tell
) -> None:
    """No row twice, none left out, none half: whatever instant the power went at."""
    count, random, killed = 3_000 if run == "plain" else ROWS, Random(scale), 0
    clean = memory_folder / "clean.db"
    with _child(f"sqlite:///{clean}", count) as child:
        assert 0 == child.wait(PATIENCE)
    expected, wrong, done = _kept(clean), Counter({"half": 0, "lost": 0, "doubled": 0}), 0
    file = memory_folder / "0.db"
    while killed < scale:
        with _child(f"sqlite:///{file}", count) as child:
            if child.stdout and random.random() < 0.9:  # the others may be killed while they begin
                child.stdout.readline()
            try:
                child.wait(random.uniform(0, 0.6))
            except subprocess.TimeoutExpired:
                child.kill()
                killed += 1
        wrong["half"] += not _is_whole(file)
        if child.returncode == 0:  # done between two kills: look at it, and begin anew
            wrong.update(_difference(expected, _kept(file)))
            done += 1
            file = memory_folder / f"{done}.db"
    with _child(f"sqlite:///{file}", count) as child:
        assert 0 == child.wait(PATIENCE)
    wrong.update(_difference(expected, _kept(file)))
    counts = {"rows": count, "kills": killed, "imports brought to their end": done + 1, **wrong}
    tell("R15", "sqlite", run, counts, f"sqlite {sqlite3.sqlite_version}")
    assert {0} == set(wrong.values())
    assert _report(clean) == _report(file)


def _difference(expected: Kept, found: Kept) -> Counter[str]:
    """How much of a clean import another one lacks, and how much it has besides."""
    (kept, topics, chunks), (theirs, told, journalled) = expected, found
    lost = (kept - theirs).total() + (topics - told).total() + max(chunks - journalled, 0)
    doubled = (theirs - kept).total() + (told - topics).total() + max(journalled - chunks, 0)
    return Counter({"lost": lost, "doubled": doubled})


def _report(file: Path) -> ImportReport:
    """What a finished import answers to whoever asks again."""
    with CRM.open(f"sqlite:///{file}", region="RU") as crm:
        return crm.import_clients([], key="r15")
