"""Upgrades while an older crmkit goes on writing, and upgrades that are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from older_crmkit import Change, OlderStore, Writer, engine_of, seed, state
from private_servers import MariaDBServer, PostgreSQLServer
from private_servers.programs import wait_for
from promises.figures import Figure

from crmkit import CRM
from crmkit.errors import SchemaAhead, SchemaBehind
from crmkit.storage.opening import Migrate
from crmkit.storage.sql import SQLStorage, check, migrations
from crmkit.storage.sql.databases.known import database_of
from crmkit.storage.sql.history import HEAD, VERSION_TABLE
from crmkit.testing import a_client

Tell = Callable[..., Figure]
DATABASES = ["sqlite", "postgresql", "mariadb"]
SERVERS = DATABASES[1:]
#: SQLite at each run; the servers where there is time.
HEAVY = [pytest.param(name, marks=pytest.mark.heavy) for name in SERVERS]
#: The longest pause, in seconds, an upgrade may cause.
PROMISE = 2.0


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/crm.db"
    server: PostgreSQLServer | MariaDBServer = request.getfixturevalue(f"{request.param}_server")
    return server.new()


def _upgraded_under_a_writer(url: str, folder: Path, clients: int) -> dict[str, int]:
    """All of what must hold; the figures."""
    known, writer = seed(url, clients), Writer(url, folder)
    changes: list[Change] = []
    pauses: list[float] = []

    def told(done: int, total: int) -> None:
        """The writer ends when every client was passed once: what it wrote since then is left to the journal."""
        if done >= clients and not pauses:
            wrote = writer.commits()
            wait_for(lambda: writer.commits() >= wrote + 8, "The older crmkit writes no more.")
            mine, longest = writer.stop()
            changes.extend(mine)
            pauses.append(longest)

    entries, started = state(url)[1] if clients < 10_000 else 0, time.monotonic()
    SQLStorage(url, migrate="upgrade", progress=told).close()
    seconds = time.monotonic() - started
    assert len(changes) > 8
    for change in changes:
        known |= {record.id: record for record in (*change.added, change.client)}
        for gone in change.removed:
            del known[gone.id]
    found, in_journal = state(url)
    assert in_journal >= max(entries, len(changes))
    assert [] == [id for id in known.keys() | found.keys() if known.get(id) != found.get(id)]
    with CRM.open(url, migrate="never") as crm:
        assert 0 == crm.rebuild(dry_run=True, chunk=10_000).mended
        with crm.read() as tx:
            newest = [change.client for change in changes if change.changed or change.added][-8:]
            assert [] == [
                client.id for client in newest if client.id not in {one.id for one in tx.clients.list(text=client.name)}
            ]
            assert 1 == tx.clients.count(text=f"Person{(clients - 1) // 10 * 10}")
    assert max(pauses) <= PROMISE
    return {
        "clients": clients, "seconds": round(seconds), "commits meanwhile": len(changes), "errors": 0, "lost": 0,
        "ms longest pause": round(1000 * pauses[0]),
    }  # fmt: skip


def _named(url: str) -> str:
    return url.partition("+")[0].partition(":")[0].replace("mysql", "mariadb")


@pytest.mark.parametrize("url", ["sqlite", *HEAVY], indirect=True)
def test_an_upgrade_misses_nothing_an_older_crmkit_writes_meanwhile(url: str, tmp_path: Path) -> None:
    """Every record is what was seeded and acknowledged, search and months follow, and no writer waits for long."""
    _upgraded_under_a_writer(url, tmp_path, 300)


@pytest.mark.heavy
@pytest.mark.parametrize(("url", "clients"), [("sqlite", 100_000), ("postgresql", 5_000), ("mariadb", 5_000)],
                         indirect=["url"])  # fmt: skip
def test_a_large_store_is_upgraded_under_a_writer(url: str, clients: int, tmp_path: Path, tell: Tell) -> None:
    """The same with a hundred thousand clients, and two hundred thousand ways to reach them."""
    tell("R13", f"{_named(url)}, with a writer", "heavy", _upgraded_under_a_writer(url, tmp_path, clients), "")


@pytest.mark.nightly
@pytest.mark.parametrize("url", SERVERS, indirect=True)
def test_a_large_store_on_a_server_is_upgraded_under_a_writer(url: str, tmp_path: Path, tell: Tell) -> None:
    """A hundred thousand clients there too."""
    tell("R13", f"{_named(url)}, with a writer", "nightly", _upgraded_under_a_writer(url, tmp_path, 100_000), "")


@pytest.mark.parametrize("url", DATABASES, indirect=True)
def test_what_an_older_crmkit_writes_after_the_upgrade_is_mended_by_a_rebuild(url: str) -> None:
    """It keeps records only: a rebuild after the last old process has gone finds each client, and only those."""
    seed(url, 20)
    older = OlderStore(url)
    SQLStorage(url, migrate="upgrade").close()
    for name in ("Late Ada", "Late Grace"):
        client = a_client(name)
        older.keep(Change(client, added=[client]))
    older.close()
    with CRM.open(url) as crm:
        assert [2, 2, 0] == [crm.rebuild(dry_run=True).mended, crm.rebuild().mended, crm.rebuild().mended]
        with crm.read() as tx:
            assert 2 == tx.clients.count(text="late")


@pytest.mark.parametrize("url", ["postgresql", HEAVY[1]], indirect=True)
def test_a_commit_that_comes_later_than_a_later_number_is_not_missed(url: str) -> None:
    """Journal numbers are given in another order than transactions commit: the filling waits for those below."""
    seed(url, 20)
    slow, quick, begun = OlderStore(url), OlderStore(url), list[bool]()
    first, second = a_client("Slow"), a_client("Quick")

    def told(done: int, total: int) -> None:
        if not begun:
            slow.begin()
            slow.write(Change(first, added=[first]))
            quick.keep(Change(second, added=[second]))
            begun.append(True)

    upgrade = Thread(target=lambda: SQLStorage(url, migrate="upgrade", progress=told).close())
    upgrade.start()
    upgrade.join(1.5)
    assert upgrade.is_alive()
    slow.commit()
    upgrade.join(60)
    for store in (slow, quick):
        store.close()
    with CRM.open(url) as crm:
        assert 0 == crm.rebuild().mended


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_file_that_is_locked_for_long_does_not_end_the_filling(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot even begin tries again, as who met a writer later does."""
    monkeypatch.setattr("crmkit.storage.sql.databases.sqlite.PRAGMAS", ("busy_timeout=1", "journal_mode=WAL"))
    seed(url, 300)
    older, held = OlderStore(url), list[bool]()

    def told(done: int, total: int) -> None:
        if not held:
            older.begin()
            held.append(True)

    upgrade = Thread(target=lambda: SQLStorage(url, migrate="upgrade", progress=told).close())
    monkeypatch.setattr("crmkit.storage.sql.stepping.ATTEMPTS", 10_000)
    upgrade.start()
    while not held:
        upgrade.join(0.01)
    upgrade.join(0.3)
    assert upgrade.is_alive()
    older.commit()
    upgrade.join(60)
    older.close()
    assert () == check(url)


def _killed(url: str, way: str, every: int) -> tuple[int, str]:
    """How many kills there were, and after which of them something was not as it must be."""
    places = os.pathsep.join(place for place in sys.path if place)
    done = subprocess.run(
        [sys.executable, "-m", "older_crmkit.killed", url, way, str(every)],
        check=True, capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": places},
    )  # fmt: skip
    kills, _, wrong = done.stdout.strip().partition(" ")
    return int(kills), wrong


def _some(sqlite: int, postgresql: int, mariadb: int) -> pytest.MarkDecorator:
    """Before the first statement, and before each so many-th one after it."""
    each = [("sqlite", sqlite), ("postgresql", postgresql), ("mariadb", mariadb)]
    return pytest.mark.parametrize(("url", "every"), each, indirect=["url"])


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_who_is_killed_on_the_way_begins_again(url: str) -> None:
    """Every step can be repeated, and the revision comes last."""
    kills, wrong = _killed(url, "upgrade", 20)
    assert "[]" == wrong
    assert kills > 1


@pytest.mark.heavy
@pytest.mark.parametrize("way", ["upgrade", "create"])
@_some(3, 7, 3)
def test_a_kill_before_many_a_statement_is_resumed(url: str, every: int, way: str, tell: Tell) -> None:
    """
    Schema and contents are to the letter what a run leaves that nobody disturbed.

    MariaDB commits each change of a schema at once.
    """
    kills, wrong = _killed(url, way, every)
    assert "[]" == wrong
    tell("R13", f"{_named(url)}, {way} killed", "heavy", {"kills": kills, "left half": 0}, "")
    assert kills > 4


@pytest.mark.nightly
@pytest.mark.parametrize("way", ["upgrade", "create"])
@_some(1, 1, 1)
def test_a_kill_before_any_statement_is_resumed(url: str, every: int, way: str, tell: Tell) -> None:
    """The same for every single statement."""
    kills, wrong = _killed(url, way, every)
    assert "[]" == wrong
    tell("R13", f"{_named(url)}, {way} killed", "nightly", {"kills": kills, "left half": 0}, "")
    assert kills > 30


@pytest.mark.parametrize("url", ["sqlite", *HEAVY], indirect=True)
def test_down_and_up_again_changes_no_record(url: str) -> None:
    """What only later revisions kept goes, and is filled again."""
    known = seed(url, 30)
    SQLStorage(url, migrate="upgrade").close()
    engine = engine_of(url)
    with engine.connect() as connection:
        migrations.downgrade(connection, "crmkit_0001")
        connection.commit()
    with pytest.raises(SchemaBehind) as caught:
        SQLStorage(url)
    assert ("crmkit_0001", HEAD) == (caught.value.found, caught.value.wanted)
    engine.dispose()
    assert known == state(url)[0]
    SQLStorage(url, migrate="upgrade").close()
    assert known == state(url)[0]
    assert () == check(url)
    with CRM.open(url) as crm, crm.read() as tx:
        assert 1 == tx.clients.count(text="seed7")


INDEX = "crm_touchpoint_occurred_at_id"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_an_index_that_was_built_half_is_built_again(url: str) -> None:
    """PostgreSQL keeps it up, and never uses it."""
    seed(url, 5)
    SQLStorage(url, migrate="upgrade").close()
    engine = engine_of(url)
    valid = sa.text(f"SELECT indisvalid FROM pg_index WHERE indexrelid = '{INDEX}'::regclass")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{INDEX}'::regclass")
        connection.exec_driver_sql("INSERT INTO crm_filling (name) VALUES ('indexes')")
        connection.commit()
        SQLStorage(url, migrate="upgrade").close()
        assert connection.execute(valid).scalar_one()
    engine.dispose()
    assert () == check(url)


@pytest.mark.parametrize("url", ["postgresql", HEAVY[1]], indirect=True)
def test_who_finds_another_at_the_indexes_waits(url: str) -> None:
    """Two builders of one table would wait for each other."""
    seed(url, 5)
    other = OlderStore(url)
    database = database_of(url)[0]
    upgrade = Thread(target=lambda: SQLStorage(url, migrate="upgrade").close())
    with database.building(other.link) as mine:
        assert mine
        upgrade.start()
        upgrade.join(0.5)
        assert upgrade.is_alive()
        assert INDEX not in {name for name, _ in other.link.execute(database.indexes).fetchall()}
    upgrade.join(60)
    assert INDEX in {name for name, _ in other.link.execute(database.indexes).fetchall()}
    other.close()
    assert () == check(url)


@pytest.mark.parametrize("url", DATABASES, indirect=True)
def test_a_store_that_is_not_filled_is_behind_and_one_of_the_future_ahead(url: str) -> None:
    """Only an upgrade finishes the one; nobody opens the other."""
    seed(url, 5)
    engine = engine_of(url)
    with engine.connect() as connection:
        migrations.upgrade(connection)
        connection.commit()
    for migrate in ("create", "never"):
        with pytest.raises(SchemaBehind, match="not filled yet"):
            SQLStorage(url, migrate=migrate)
    SQLStorage(url, migrate="upgrade").close()
    SQLStorage(url, migrate="never").close()
    with engine.connect() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = 'crmkit_9999'")
        connection.commit()
    engine.dispose()
    ways: tuple[Migrate, ...] = ("create", "upgrade", "never")
    for migrate in ways:
        with pytest.raises(SchemaAhead):
            SQLStorage(url, migrate=migrate)


AT_ONCE = """
import os, sys
from crmkit.storage.sql import SQLStorage, migrations
url, migrate, programs = sys.argv[1], sys.argv[2], int(sys.argv[3])
gate, open_gate = os.pipe()
children = []
for _ in range(programs):
    if (child := os.fork()) == 0:
        os.close(open_gate)
        os.read(gate, 1)
        SQLStorage(url, migrate=migrate).close()
        os._exit(0)
    children.append(child)
os.close(open_gate)
sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))
"""


@pytest.mark.parametrize(("programs", "migrate"), [(8, "create"), (2, "upgrade")])
@pytest.mark.parametrize("url", ["sqlite", *HEAVY], indirect=True)
def test_several_programs_may_open_a_store_at_once(url: str, programs: int, migrate: str) -> None:
    """One makes or upgrades it, the others wait and find it done; two who fill it do no harm."""
    if migrate == "upgrade":
        seed(url, 200)
    command = [sys.executable, "-c", AT_ONCE, url, migrate, str(programs)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert (0, "") == (done.returncode, done.stderr)
    assert () == check(url)
    with CRM.open(url, migrate="never") as crm:
        assert 0 == crm.rebuild().mended
