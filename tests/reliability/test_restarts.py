"""R14: a server that goes away and comes back loses nothing it acknowledged, and does nothing twice."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any

import pytest
from private_servers import MariaDBServer, PostgreSQLServer
from private_servers.fixtures import started
from promises.figures import Figure
from promises.scales import scales

from crmkit import CRM

Start = Callable[..., subprocess.Popen[str]]
Tell = Callable[..., Figure]
WRITERS = 4
PATIENCE = 120.0
#: More than any writer gets done while the server is restarted as often as asked.
ENDLESS = 1_000_000


def _heard(child: subprocess.Popen[str], acknowledged: Queue[str], landed: list[bool]) -> None:
    """Every key a writer was acknowledged, as soon as it says so; and what had landed unacknowledged before."""
    assert child.stdout
    for line in child.stdout:
        said = json.loads(line)
        if said["landed"]:
            landed.append(said["denied"])
        acknowledged.put(said["acknowledged"])


def _restarted(server: Any, url: str, cycles: int, script: Start) -> dict[str, int]:
    """Crash and start the server that often, with writers at work; what was acknowledged, and what is there."""
    CRM.open(url).close()
    heard, known, landed = Queue[str](), set[str](), list[bool]()
    children = [
        script("writers", url, json.dumps({"do": "command", "times": ENDLESS, "who": f"w{n}"})) for n in range(WRITERS)
    ]
    for child in children:
        assert child.stdout
        assert child.stdin
        assert '"ready"\n' == child.stdout.readline()
        child.stdin.write("go\n")
        child.stdin.flush()
    threads = [Thread(target=_heard, args=(child, heard, landed), daemon=True) for child in children]
    for thread in threads:
        thread.start()
    between = Event()
    for cycle in range(cycles):
        fresh = {heard.get(timeout=PATIENCE) for _ in range(WRITERS)}  # they get something done between two crashes
        known |= fresh
        between.wait(0.01 * (cycle % 7))
        server.crash()
        server.start()
    for _ in range(WRITERS):
        known.add(heard.get(timeout=PATIENCE))
    for child in children:
        child.kill()
        child.wait(PATIENCE)
    for thread in threads:
        thread.join(PATIENCE)
    while True:
        try:
            known.add(heard.get_nowait())
        except Empty:
            break
    with CRM.open(url) as crm, crm.read() as tx:
        there = Counter(client.name for client in tx.clients.stream())
        journalled = tx._unit.store.journal_length()
    assert len(there.keys() - known) <= WRITERS, "Each writer had one command under way when all was over."
    return {
        "restarts": cycles, "acknowledged": len(known), "lost": len(known - there.keys()),
        "doubled": sum(count - 1 for count in there.values()), "left half": abs(journalled - sum(there.values())),
        "landed unacknowledged": len(landed), "denied": sum(landed),
    }  # fmt: skip


@scales(plain=1, heavy=20, nightly=600)
def test_a_postgresql_that_crashes_under_load_loses_and_doubles_nothing(
    run: str, scale: int, script: Start, tell: Tell
) -> None:
    """A commit whose answer never came is settled by its key when the command is run again."""
    server = started(PostgreSQLServer)
    try:
        counts = _restarted(server, server.new(), scale, script)
    finally:
        server.close()
    tell("R14", "postgresql", run, counts, "PostgreSQL, fsync on")
    assert [0] * 4 == [counts[wrong] for wrong in ("lost", "doubled", "left half", "denied")]


@scales(plain=1, heavy=8, nightly=200)
def test_a_mariadb_that_is_killed_under_load_loses_and_doubles_nothing(
    run: str, scale: int, script: Start, tell: Tell
) -> None:
    """InnoDB recovers what it acknowledged; the key settles the rest."""
    server = started(MariaDBServer)
    try:
        counts = _restarted(server, server.new(), scale, script)
    finally:
        server.close()
    tell("R14", "mariadb", run, counts, "MariaDB, flushed at each commit")
    assert [0] * 4 == [counts[wrong] for wrong in ("lost", "doubled", "left half", "denied")]


@pytest.mark.parametrize("database", ["postgresql", "mariadb"])
def test_an_idle_connection_that_died_is_replaced_without_a_word(database: str) -> None:
    """A server restarted overnight must not cost the first caller of the morning an error."""
    server: Any = started(PostgreSQLServer if database == "postgresql" else MariaDBServer)
    try:
        with CRM.open(server.new()) as crm:
            with crm.begin() as tx:
                tx.clients.add(name="Ada")
            server.crash()
            server.start()
            with crm.begin() as tx:
                assert 1 == tx.clients.count()
    finally:
        server.close()
