"""Which schema a file has, and who may make or change it."""

from __future__ import annotations

import ast
import io
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.pool import NullPool

from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.errors import CRMError, Invalid, SchemaAhead, SchemaBehind
from crmkit.storage.opening import open_storage
from crmkit.storage.sql import SQLStorage, migrations, revisions
from crmkit.storage.sql.history import HEAD, REVISIONS, VERSION_TABLE
from crmkit.storage.sql.indexing import REPLACED
from crmkit.storage.sql.revisions import ddl
from crmkit.storage.sql.schema import metadata
from crmkit.testing import a_client
from crmkit.testing.suite.opened import commit

NEXT = "crmkit_0900"
ADDED = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{next}", "{head}"


def upgrade():
    op.add_column("crm_client", sa.Column("nickname", sa.Text()))
    {last}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "crm.db"


@pytest.fixture
def upgraded(file: Path) -> Generator[sa.Connection]:
    """A database made by the revisions, and the indexes that are built after them."""
    engine = sa.create_engine(f"sqlite:///{file}", poolclass=NullPool)
    with engine.connect() as connection:
        migrations.upgrade(connection)
        connection.commit()
        SQLStorage(f"sqlite:///{file}", migrate="upgrade").close()
        yield connection
    engine.dispose()


def test_the_revisions_make_the_tables(upgraded: sa.Connection) -> None:
    """Alembic finds nothing left to do."""
    context = MigrationContext.configure(connection=upgraded, opts={"version_table": VERSION_TABLE})
    assert [] == compare_metadata(context, metadata)


def test_a_made_schema_is_an_upgraded_one(upgraded: sa.Connection, tmp_path: Path) -> None:
    """Creating takes a short way past the revisions; the result is the same to the letter."""
    made = tmp_path / "made.db"
    open_storage(f"sqlite:///{made}").close()
    with closing(sqlite3.connect(made)) as connection, connection:
        short = set(
            map(_plain, (row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql <> ''")))
        )
    connection.close()
    rows = upgraded.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql <> ''")
    assert short == {_plain(row[0]) for row in rows}


@pytest.mark.parametrize("known", [postgresql.dialect, mysql.dialect, sqlite.dialect], ids=lambda one: one.name)
def test_the_revisions_say_the_same_to_every_database(known: Any) -> None:
    """What they would send to PostgreSQL and MariaDB is what the tables say there."""
    dialect, said = known(), io.StringIO()
    migrations.say(dialect.name, said)
    told = [_plain(one) for one in said.getvalue().split(";") if VERSION_TABLE not in one]
    statements = {_grown(one, told) for one in told if "CREATE" in one}
    assert "INSERT INTO crm_filling (name) SELECT 'indexes'" in said.getvalue()
    wanted = {_plain(one) for one in ddl(dialect) if VERSION_TABLE not in one}
    later, replaced = _named(wanted) - _named(statements), {f"{table}_{'_'.join(names)}" for table, names in REPLACED}
    assert (13, replaced) == (len(later), _named(statements) - _named(wanted))
    assert {one for one in wanted if not later & _named([one])} == {
        one for one in statements if not replaced & _named([one])
    }


def _grown(table: str, told: Iterable[str]) -> str:
    """A table with the columns that later revisions added."""
    for one in told:
        head, added, column = one.partition(" ADD COLUMN ")
        if added and table.startswith(f"CREATE TABLE {head.removeprefix('ALTER TABLE ')} "):
            table = table.replace(", CONSTRAINT", f", {column}, CONSTRAINT", 1)
    return _plain(table)


def _named(statements: Iterable[str]) -> set[str]:
    """The indexes they build."""
    return {
        name for one in statements for name in re.findall(r"CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?(\w+)", one)
    }


def _plain(statement: str) -> str:
    """One spelling: Alembic breaks lines elsewhere, orders constraints otherwise and names its version table's key."""
    statement = re.sub(r"(?m)^--.*$", "", statement)
    text = re.sub(r"\s+", " ", statement.replace("IF NOT EXISTS ", "")).strip().replace("( ", "(").replace(" )", ")")
    if VERSION_TABLE in text:
        return f"CREATE TABLE {VERSION_TABLE}"
    head, opening, body = text.partition("(")
    return head + opening + ", ".join(sorted(body.split(", "))) if "FOREIGN KEY" in body else text


def test_the_list_of_revisions_is_complete() -> None:
    """The one that is read without loading Alembic names what Alembic finds."""
    found = [script.revision for script in migrations.scripts().walk_revisions()]
    assert list(REVISIONS) == found[::-1]
    assert [HEAD] == migrations.scripts().get_heads()


@pytest.mark.parametrize("path", sorted(migrations.VERSIONS.glob("*.py")), ids=lambda path: path.stem)
def test_a_revision_knows_nothing_of_todays_tables(path: Path) -> None:
    """It says what they were; importing them would change the past."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    imported = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name.startswith("crmkit")}


def test_never_touches_nothing(file: Path) -> None:
    """Not even an empty file is left behind."""
    with pytest.raises(SchemaBehind) as caught:
        open_storage(f"sqlite:///{file}", migrate="never")
    assert (None, HEAD) == (caught.value.found, caught.value.wanted)
    assert not file.exists()
    sqlite3.connect(file).close()
    with pytest.raises(SchemaBehind):
        open_storage(f"sqlite:///{file}", migrate="never")
    open_storage(f"sqlite:///{file}").close()
    storage = open_storage(f"sqlite:///{file}", migrate="never")
    assert HEAD == storage.revision()
    storage.close()


def test_a_newer_schema_is_left_alone(file: Path) -> None:
    """An older crmkit must not write what a newer one would not understand."""
    open_storage(f"sqlite:///{file}").close()
    _at(file, "crmkit_0998")
    for migrate in ("create", "upgrade", "never"):
        with pytest.raises(SchemaAhead) as caught:
            open_storage(f"sqlite:///{file}", migrate=migrate)
        assert ("crmkit_0998", HEAD) == (caught.value.found, caught.value.wanted)


def _at(file: Path, revision: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = ?", (revision,))
    connection.close()


def test_revisions_of_plugins_stand_beside_ours(file: Path) -> None:
    """The version table has a row for each branch."""
    open_storage(f"sqlite:///{file}").close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"INSERT INTO {VERSION_TABLE} VALUES ('forms_0007')")
    connection.close()
    storage = open_storage(f"sqlite:///{file}")
    assert HEAD == storage.revision()
    storage.close()


@pytest.fixture
def a_further_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As if crmkit had been released again."""
    versions = tmp_path / "versions"
    shutil.copytree(migrations.VERSIONS, versions, ignore=shutil.ignore_patterns("__pycache__"))
    (versions / "0900_further.py").write_text(ADDED.format(next=NEXT, head=HEAD, last=""), encoding="utf-8")
    monkeypatch.setattr(migrations, "VERSIONS", versions)
    monkeypatch.setattr(revisions, "REVISIONS", (*REVISIONS, NEXT))
    monkeypatch.setattr(revisions, "HEAD", NEXT)
    return versions


def test_an_old_schema_is_upgraded_when_asked(file: Path, request: pytest.FixtureRequest) -> None:
    """Otherwise the error names the command; what was in the file stays."""
    ada, url = a_client(), f"sqlite:///{file}"
    storage = open_storage(url)
    commit(storage, ada)
    storage.close()
    request.getfixturevalue("a_further_revision")
    for migrate in ("create", "never"):
        with pytest.raises(SchemaBehind, match="crmkit db upgrade") as caught:
            open_storage(url, migrate=migrate)
        assert (HEAD, NEXT) == (caught.value.found, caught.value.wanted)
    storage = open_storage(url, migrate="upgrade")
    tx = storage.begin(write=False, scope=EVERYONE)
    assert [ada] == tx.select(Query(Client))
    tx.rollback()
    assert NEXT == storage.revision()
    storage.close()
    open_storage(url).close()


def test_an_upgrade_that_fails_leaves_the_old_schema(file: Path, request: pytest.FixtureRequest) -> None:
    """All of it happens or nothing: half a schema would fit no crmkit."""
    url = f"sqlite:///{file}"
    open_storage(url).close()
    versions: Path = request.getfixturevalue("a_further_revision")
    broken = ADDED.format(next=NEXT, head=HEAD, last='op.execute("SELECT nonsense")')
    (versions / "0900_further.py").write_text(broken, encoding="utf-8")
    with pytest.raises(CRMError):
        open_storage(url, migrate="upgrade")
    with closing(sqlite3.connect(file)) as connection, connection:
        assert [(HEAD,)] == connection.execute(f"SELECT * FROM {VERSION_TABLE}").fetchall()
        assert "nickname" not in {row[1] for row in connection.execute("PRAGMA table_info(crm_client)")}
    connection.close()


def test_eight_processes_may_open_a_new_file_at_once(file: Path) -> None:
    """One makes the schema, the others wait and find it."""
    source = """
import sys
from crmkit.domain.scope import EVERYONE
from crmkit.storage.opening import open_storage
from crmkit.testing.builders import a_client
input()
storage = open_storage(sys.argv[1])
tx = storage.begin(write=True, scope=EVERYONE)
tx.insert(a_client())
tx.commit()
storage.close()
"""
    command = [sys.executable, "-c", source, f"sqlite:///{file}"]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    said = [_let_go(process) for process in started]
    ended = [process.communicate()[1] for process in said]
    assert [0] * 8 == [process.returncode for process in started], ended
    storage = open_storage(f"sqlite:///{file}")
    tx = storage.begin(write=False, scope=EVERYONE)
    assert 8 == len(tx.select(Query(Client)))
    tx.rollback()
    storage.close()


def _let_go(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()
    return process


def test_a_host_may_keep_its_own_tables_beside_ours(file: Path) -> None:
    """A shop's `user` and `purchase` are not ours to touch."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE user (name TEXT)")
        connection.execute("INSERT INTO user VALUES ('Anna')")
    connection.close()
    storage = open_storage(f"sqlite:///{file}")
    commit(storage, a_client())
    storage.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        assert [("Anna",)] == connection.execute("SELECT * FROM user").fetchall()
    connection.close()


def test_opening_a_right_schema_loads_no_alembic(file: Path) -> None:
    """Starting a web worker must not pay for what only an upgrade needs; nor does making a schema."""
    source = (
        "import sys; from crmkit.storage.opening import open_storage as o; o(sys.argv[1]).close(); print(*sys.modules)"
    )
    for _ in "12":
        done = subprocess.run(
            [sys.executable, "-c", source, f"sqlite:///{file}"], check=True, capture_output=True, text=True
        )
        assert "alembic" not in done.stdout.split()


def test_what_to_do_about_the_schema_must_be_one_of_three(file: Path) -> None:
    """A misspelt word would else mean the default."""
    for url in ("memory://", f"sqlite:///{file}"):
        with pytest.raises(Invalid, match="migrate"):
            open_storage(url, migrate="update")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
