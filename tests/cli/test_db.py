"""`crmkit db …`, as an operator runs it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from older_crmkit import engine_of, first_schema, seed
from private_servers import MariaDBServer, PostgreSQLServer

from crmkit import CRM
from crmkit.cli.db import db
from crmkit.errors import CRMError
from crmkit.storage.sql import check


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store with some clients."""
    file = tmp_path / "shop.db"
    with CRM.open(f"sqlite:///{file}") as crm, crm.begin() as tx:
        for name in ("Ada Lovelace", "Grace Hopper"):
            tx.clients.add(name=name, phone="+4930901820")
    return file


def _run(*words: str) -> Result:
    return CliRunner().invoke(db, [*words])


def _change(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_an_upgrade_says_where_the_store_is_now(tmp_path: Path) -> None:
    """And what is there is found; nothing but the last line is said where nobody watches."""
    url = f"sqlite:///{tmp_path}/old.db"
    seed(url, 30)
    behind = _run("current", url)
    assert "crmkit_0001" in str(behind.exception)
    done = _run("upgrade", url)
    assert (0, "") == (done.exit_code, done.stderr)
    assert done.stdout == _run("current", url).stdout
    assert (0, "All is well.\n") == ((checked := _run("check", url)).exit_code, checked.output)


def test_a_rebuild_mends_what_a_check_finds(file: Path) -> None:
    """The check changes nothing; it counts in whole sentences and names no client."""
    url = f"sqlite:///{file}"
    _change(file, "DELETE FROM crm_search", "UPDATE crm_client SET last_bought_at = 1")
    for _ in "12":
        found = _run("check", url)
        assert found.exit_code == 1
        assert (
            found.output
            == "Of 2 clients, search, months or kept instants are wrong 4 times. Run `crmkit db rebuild`.\n"
        )
    assert 0 == _run("check", "--quick", url).exit_code
    assert "2 clients looked at, 4 mended.\n" == _run("rebuild", url).output
    assert "2 clients looked at, 0 mended.\n" == _run("rebuild", url).output
    assert "All is well.\n" == _run("check", url).output


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("DROP INDEX crm_search_token", "add index crm_search_token"),
        ("ALTER TABLE crm_note DROP COLUMN text", "add column crm_note text"),
        ("ALTER TABLE crm_note ADD COLUMN mood TEXT", "remove column crm_note mood"),
        ("DROP TABLE crm_month", "add table crm_month"),
        ("UPDATE crm_contact_point SET client_id = zeroblob(16)", "crm_contact_point points to what is not there"),
    ],
)
def test_a_check_names_what_is_missing_or_too_much(file: Path, broken: str, said: str) -> None:
    """By names of tables, columns and indexes only."""
    _change(file, broken)
    ended = _run("check", f"sqlite:///{file}")
    assert 1 == ended.exit_code
    assert said in ended.output
    assert "Lovelace" not in ended.output


def test_a_check_minds_no_table_of_others(file: Path) -> None:
    """A host's or a plugin's may begin as ours do."""
    _change(file, "CREATE TABLE crm_settings (id INTEGER)", "CREATE TABLE basket (id INTEGER)")
    assert 0 == _run("check", f"sqlite:///{file}").exit_code


def test_a_damaged_file_is_a_sentence(file: Path) -> None:
    """Whether it can be read in part or not at all: no traceback of a driver's, no contents."""
    url, whole = f"sqlite:///{file}", file.read_bytes()
    for start in range(4096, len(whole), 8192):
        file.write_bytes(whole[:start] + b"\xde\xad" * 2048 + whole[start + 4096 :])
        for beside in ("-wal", "-shm"):
            Path(f"{file}{beside}").unlink(missing_ok=True)
        try:
            (*problems,) = check(url)
        except CRMError as error:
            problems = [str(error)]
        assert problems
        assert [] == [problem for problem in problems if not problem.endswith(".") or "Lovelace" in problem]


@pytest.mark.parametrize("command", ["upgrade", "current", "check", "rebuild"])
@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "oracle://scott:tiger@nowhere/crm",
        "postgresql+psycopg://crm:tiger@localhost:1/crm",
        "postgresql+psycopg://crm@localhost:1/crm?password=tiger",
        "mysql+pymysql://crm:tiger@localhost:1/crm",
        "sqlite:///nowhere/at/all.db",
    ],
)
def test_what_cannot_be_opened_is_a_sentence_without_a_password(command: str, url: str) -> None:
    """A terminal's history and a log of jobs are read by others."""
    ended = _run(command, url)
    assert isinstance(ended.exception, CRMError | SystemExit)
    said = str(ended.exception) if isinstance(ended.exception, CRMError) else ended.output.strip()
    assert said.endswith(".")
    assert "tiger" not in ended.output + str(ended.exception)


@pytest.mark.parametrize("command", ["current", "check", "rebuild"])
def test_only_an_upgrade_makes_a_store(command: str, tmp_path: Path) -> None:
    """A misspelt name must not become an empty shop."""
    ended = _run(command, f"sqlite:///{tmp_path}/shpo.db")
    assert 1 == ended.exit_code
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["current", "check", "rebuild"])
def test_an_old_store_is_told_to_upgrade(command: str, tmp_path: Path) -> None:
    """Nothing of it is touched."""
    url = f"sqlite:///{tmp_path}/old.db"
    first_schema(url)
    ended = _run(command, url)
    assert 1 == ended.exit_code
    assert "crmkit db upgrade" in ended.output + str(ended.exception)


def test_a_password_is_never_shown(postgresql_server: PostgreSQLServer) -> None:
    """Neither in its place nor among the options."""
    url = postgresql_server.new().replace("crm@", "crm:tiger@") + "&password=tiger"
    done = _run("upgrade", url)
    assert done.exit_code == 0, done.output
    assert "crm:***@" in done.output
    assert "tiger" not in done.output


def test_a_wall_is_raised_looked_at_and_lowered(postgresql_server: PostgreSQLServer, file: Path) -> None:
    """It says how it stands; what is no wall at all is said on standard error, and so is who cannot have one."""
    url = postgresql_server.new_of("builder")
    CRM.open(url).close()
    told = [_run("wall", url, *more) for more in ((), ("--raise",), (), ("--lower",))]
    assert [0] * 4 == [one.exit_code for one in told]
    assert ["down", "up", "up", "down"] == [one.output.strip(".\n").rpartition(" ")[2] for one in told]
    _run("wall", url, "--raise")
    assert "All is well.\n" == _run("check", url.replace("builder@", "crm@")).output
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE crm_deal NO FORCE ROW LEVEL SECURITY")
    engine.dispose()
    gaps = _run("wall", url)
    assert (1, True) == (gaps.exit_code, "Raise it anew" in gaps.output)
    assert isinstance(_run("wall", f"sqlite:///{file}", "--raise").exception, CRMError)


@pytest.mark.parametrize("server", ["postgresql_server", "mariadb_server"])
def test_a_check_on_a_server_finds_a_missing_index(server: str, request: pytest.FixtureRequest) -> None:
    """And nothing on a store that is as it should be."""
    started: PostgreSQLServer | MariaDBServer = request.getfixturevalue(server)
    url = started.new()
    CRM.open(url).close()
    assert () == check(url)
    engine = engine_of(url)
    on = " ON crm_search" if engine.dialect.name == "mysql" else ""
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP INDEX crm_search_token{on}")
        connection.commit()
    engine.dispose()
    (problem,) = check(url)
    assert "crm_search_token" in problem


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of jobs gets the last line and no control characters."""
    for number, watched in enumerate(("", "1")):
        monkeypatch.setenv("FORCE_COLOR", watched)
        url = f"sqlite:///{tmp_path}/{number}.db"
        seed(url, 30)
        assert bool(watched) == ("Filling" in _run("upgrade", url).stderr)
