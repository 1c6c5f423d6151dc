"""Raising the second wall, lowering it, and whom it holds."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from private_servers import PostgreSQLServer

from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE, Scope
from crmkit.errors import CRMError, Invalid, SchemaBehind
from crmkit.storage.sql import SQLStorage, check, lower_wall, raise_wall, wall_is_up
from crmkit.storage.sql.history import VERSION_TABLE
from crmkit.storage.sql.own_tables import OwnTables
from crmkit.storage.sql.wall.policies import EVERYBODYS, HOUSES, KEPT_UP, OPEN, tables
from crmkit.testing import NOON, a_client, a_note, a_team


def _spoken_to(url: str) -> psycopg.Connection[Any]:
    """A connection of somebody's who does not know crmkit."""
    return psycopg.connect(sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


def _asked(connection: psycopg.Connection[Any], sql: str) -> psycopg.Cursor[Any]:
    return connection.execute(sql.encode())


def _root(url: str) -> str:
    """The same store, for a superuser."""
    return sa.make_url(url).set(username="crm").render_as_string(hide_password=False)


@pytest.fixture
def store(walled_url: str) -> Generator[SQLStorage]:
    """A client of 17's with a note, one of 18's, behind the wall."""
    storage = SQLStorage(walled_url)
    tx = storage.begin(write=True, scope=EVERYONE)
    mine, theirs = a_client(owner="17"), a_client(owner="18")
    for record in (mine, theirs, a_note(mine), a_note(theirs), a_team()):
        tx.insert(record)
    tx.commit()
    yield storage
    storage.close()


def test_every_table_stands_behind_the_wall(store: SQLStorage, walled_url: str) -> None:
    """With a policy for each command; a table that hangs on no client is thought of by name."""
    with _spoken_to(walled_url) as connection:
        found = connection.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity, "
            "array(SELECT polcmd::text FROM pg_policy WHERE polrelid = pg_class.oid ORDER BY 1) "
            "FROM pg_class WHERE relkind = 'r' AND relname LIKE 'crm\\_%'"
        ).fetchall()
    assert {(table.name, True, "a d r w") for table in tables()} == {
        (name, up, " ".join(all)) for name, up, all in found
    }
    thought_of = {*EVERYBODYS, *HOUSES, *OPEN}
    assert thought_of == {table for table in tables() if "client_id" not in table.c and table.name != "crm_client"}
    assert all("client_id" in table.c for table in KEPT_UP)


def test_who_says_nothing_is_shown_nothing(store: SQLStorage, walled_url: str) -> None:
    """Neither is anything added, changed or removed; though it is the tables' owner who asks."""
    with _spoken_to(walled_url) as connection:
        for table in tables():
            if table not in OPEN:
                assert [(0,)] == _asked(connection, f"SELECT count(*) FROM {table.name}").fetchall(), table.name
                if table.name != "crm_team_above":
                    assert 0 == _asked(connection, f"DELETE FROM {table.name}").rowcount
        assert 0 == connection.execute("UPDATE crm_client SET owner = 'me'").rowcount
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO crm_team_above VALUES ('a', 'b')")
    tx = store.begin(write=False, scope=EVERYONE)
    assert 2 == len(tx.select(Query(Client)))
    tx.rollback()


def test_a_statement_that_forgets_whose_it_is_reaches_no_further(store: SQLStorage) -> None:
    """It reads, changes and removes what its transaction's scope shows, whatever it asks for."""
    for sql, reached in (
        ("SELECT * FROM crm_client", 1), ("SELECT * FROM crm_note", 1), ("SELECT * FROM crm_journal", 0),
        ("SELECT * FROM crm_team", 1), ("SELECT DISTINCT client_id FROM crm_search", 1), ("SELECT * FROM crm_client FOR UPDATE", 1),
    ):  # fmt: skip
        tx = store.begin(write=True, scope=Scope.own("17"))
        assert reached == len(tx.rows(sql)), sql
        tx.rollback()
    for sql, reached in (
        ("UPDATE crm_client SET owner = 'x'", 1), ("UPDATE crm_note SET version = 7", 1), ("DELETE FROM crm_note", 1),
    ):  # fmt: skip
        tx = store.begin(write=True, scope=Scope.own("17"))
        assert reached == tx.execute(sql).rowcount, sql
        tx.rollback()


def _unchecked(_: OwnTables, statement: object) -> None:
    """Any statement will do."""


def test_a_plugin_s_own_statements_stand_behind_it(store: SQLStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """After what crmkit wrote as the house, and if nobody looked which tables they touch."""
    monkeypatch.setattr(OwnTables, "_check", _unchecked)
    note = sa.table("crm_note", sa.column("id"), sa.column("version"))
    tx = store.begin(write=True, scope=Scope.own("17"))
    own = OwnTables(tx, "curious", writable=True)
    assert 1 == len(own.execute(sa.select(note)))
    tx.keep(tx.select(Query(Client))[0].id, "last_touched_at", NOON)
    assert 1 == len(own.execute(sa.select(note)))
    own.execute(sa.update(note).values(version=7))
    tx.narrow(EVERYONE)
    assert [1, 7] == sorted(row[0] for row in tx.rows("SELECT version FROM crm_note"))
    tx.rollback()


def test_a_wall_is_raised_and_lowered(postgresql_server: PostgreSQLServer) -> None:
    """Twice each does no harm, and nothing is left of it."""
    url = postgresql_server.new_of("mason")
    with closing(SQLStorage(url)) as storage:
        assert not wall_is_up(storage)
        for change, up in ((lower_wall, False), (raise_wall, True), (raise_wall, True), (lower_wall, False)):
            change(storage)
            assert up is wall_is_up(storage) is storage.connections.walled
            SQLStorage(url).close()
        with storage.engine.connect() as connection:
            left = "SELECT count(*) FROM pg_class WHERE relrowsecurity", "SELECT count(*) FROM pg_policy"
            assert [0, 0] == [connection.exec_driver_sql(sql).scalar() for sql in left]


def test_a_wall_with_gaps_is_no_wall(postgresql_server: PostgreSQLServer) -> None:
    """Nobody opens the store before it is raised anew; the check says so."""
    url = postgresql_server.new_of("careless")
    with closing(SQLStorage(url)) as storage:
        for hole in (
            "ALTER TABLE crm_note NO FORCE ROW LEVEL SECURITY",
            "COMMENT ON FUNCTION crm_wall_shared(text, text) IS 'an older one'",
        ):
            raise_wall(storage)
            with storage.engine.begin() as connection:
                connection.exec_driver_sql(hole)
            with pytest.raises(Invalid, match="has gaps"):
                SQLStorage(url)
            assert ["gaps" in problem for problem in check(url)] == [True]


def test_who_is_let_through_does_not_get_in(postgresql_server: PostgreSQLServer) -> None:
    """A superuser, and whoever has BYPASSRLS; an operator may all the same."""
    url = postgresql_server.new_of("owner")
    with closing(SQLStorage(url)) as storage:
        raise_wall(storage)
    root = _root(url)
    with pytest.raises(Invalid, match="let through"):
        SQLStorage(root)
    SQLStorage(root, migrate="upgrade", proven=False).close()
    assert () == check(root)
    with _spoken_to(root) as connection:
        connection.execute("ALTER ROLE owner BYPASSRLS")
    with pytest.raises(Invalid, match="let through"):
        SQLStorage(url)


def test_a_role_that_owns_nothing_works_behind_the_wall(store: SQLStorage, walled_url: str) -> None:
    """With the rights that docs/access.md names."""
    with _spoken_to(_root(walled_url)) as connection:
        connection.execute("CREATE ROLE clerk LOGIN")
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk")
        connection.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO clerk")
    with closing(SQLStorage(sa.make_url(walled_url).set(username="clerk").render_as_string(False))) as storage:
        tx = storage.begin(write=True, scope=Scope.own("17"))
        assert 1 == len(tx.select(Query(Client)))
        tx.insert(a_client(owner="17"))
        tx.commit()
        with pytest.raises(CRMError):
            lower_wall(storage)


def test_an_upgrade_builds_the_wall_anew(store: SQLStorage, walled_url: str) -> None:
    """Its steps change all rows, and fill what nobody can be said to see."""
    with _spoken_to(_root(walled_url)) as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = 'crmkit_0007'")
        connection.execute("INSERT INTO crm_filling (name) VALUES ('search')")
        connection.execute("DELETE FROM crm_search")
    with pytest.raises(SchemaBehind):
        SQLStorage(walled_url)
    with closing(SQLStorage(walled_url, migrate="upgrade")) as storage:
        assert storage.connections.walled
        tx = storage.begin(write=False, scope=EVERYONE)
        assert 1 == len(tx.rows("SELECT * FROM crm_team_above"))
        assert 2 == len(tx.rows("SELECT DISTINCT client_id FROM crm_search"))
        assert [] == tx.rows("SELECT * FROM crm_filling")
        tx.rollback()


def test_only_postgresql_has_walls(tmp_path: Path) -> None:
    """Others say so."""
    with closing(SQLStorage(f"sqlite:///{tmp_path}/shop.db")) as storage:
        for change in (raise_wall, lower_wall, wall_is_up):
            with pytest.raises(Invalid, match="Only PostgreSQL"):
                change(storage)
