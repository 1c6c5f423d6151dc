"""Whose revisions stand beside ours: a host's own Alembic, and plugins'."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from older_crmkit import engine_of, first_schema, seed, state

from crmkit import CRM
from crmkit.errors import SchemaBehind
from crmkit.storage.sql import SQLStorage, check, migrations, revisions
from crmkit.storage.sql.history import HEAD, REVISIONS, VERSION_TABLE
from crmkit.testing import a_client
from crmkit.testing.suite.opened import commit

INI = """
[alembic]
script_location = {folder}/shop
path_separator = newline
version_locations = {folder}/shop/versions
    {ours}
sqlalchemy.url = {url}
"""
ENV = """
import sqlalchemy as sa
from alembic import context

metadata = sa.MetaData()
sa.Table("basket", metadata, sa.Column("id", sa.Integer, primary_key=True))

def include_name(name, type_, parents):
    return not (type_ == "table" and name.startswith("crm"))

engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, include_name=include_name)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""
BASKET = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0001", None, ("shop",), None

def upgrade():
    op.create_table("basket", sa.Column("id", sa.Integer, primary_key=True))

def downgrade():
    op.drop_table("basket")
"""
FORMS = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "forms_0001", None, ("forms",), "{ours}"

def upgrade():
    op.create_table("forms_answer", sa.Column("id", sa.Integer, primary_key=True), if_not_exists=True)

def downgrade():
    op.drop_table("forms_answer", if_exists=True)
"""
NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "crmkit_0999", "{head}"

def upgrade():
    op.create_table("crm_later", sa.Column("id", sa.Integer, primary_key=True), if_not_exists=True)

def downgrade():
    op.drop_table("crm_later", if_exists=True)
"""

#: SQLite at each run; the servers where there is time.
HEAVY = [pytest.param(name, marks=pytest.mark.heavy) for name in ("postgresql", "mariadb")]


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    name = getattr(request, "param", "sqlite")
    new: str = f"sqlite:///{tmp_path}/shop.db" if name == "sqlite" else request.getfixturevalue(f"{name}_server").new()
    return new


def _host(folder: Path, url: str, ours: str = "crmkit.storage.sql.migrations:versions") -> None:
    (folder / "shop" / "versions").mkdir(parents=True, exist_ok=True)
    (folder / "alembic.ini").write_text(INI.format(folder=folder, url=url.replace("%", "%%"), ours=ours))
    (folder / "shop" / "env.py").write_text(ENV)
    (folder / "shop" / "script.py.mako").write_text("")
    (folder / "shop" / "versions" / "0001_basket.py").write_text(BASKET)


def _alembic(folder: Path, *words: str) -> None:
    places = os.pathsep.join(place for place in sys.path if place)
    done = subprocess.run(
        [sys.executable, "-m", "alembic", *words], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": places},
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr


def _tables(url: str) -> set[str]:
    engine = engine_of(url)
    with engine.connect() as connection:
        found = set(sa.inspect(connection).get_table_names())
    engine.dispose()
    return found


@pytest.mark.parametrize("url", ["sqlite", *HEAVY], indirect=True)
def test_a_hosts_own_alembic_makes_and_keeps_our_tables(url: str, tmp_path: Path) -> None:
    """Its command line runs both branches, its `check` leaves ours alone, and its way back takes only its own."""
    _host(tmp_path, url)
    _alembic(tmp_path, "upgrade", "heads")
    assert VERSION_TABLE not in _tables(url)
    with pytest.raises(SchemaBehind, match="not filled yet"):
        CRM.open(url)
    SQLStorage(url, migrate="upgrade").close()
    with CRM.open(url) as crm, crm.begin() as tx:
        tx.clients.add(name="Ada")
    _alembic(tmp_path, "check")
    _alembic(tmp_path, "downgrade", "shop@base")
    assert "basket" not in _tables(url)
    assert () == check(url)
    with CRM.open(url, migrate="never") as crm, crm.read() as tx:
        assert 1 == tx.clients.count(text="ada")


def test_the_next_revision_comes_by_the_hosts_alembic_or_by_ours(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both write to the host's version table, for that is where our revision stands."""
    _host(tmp_path, url)
    _alembic(tmp_path, "upgrade", "heads")
    SQLStorage(url, migrate="upgrade").close()
    later = tmp_path / "later"
    shutil.copytree(migrations.VERSIONS, later, ignore=shutil.ignore_patterns("__pycache__"))
    (later / "0999_next.py").write_text(NEXT.format(head=HEAD))
    monkeypatch.setattr(migrations, "VERSIONS", later)
    monkeypatch.setattr(revisions, "REVISIONS", (*REVISIONS, "crmkit_0999"))
    monkeypatch.setattr(revisions, "HEAD", "crmkit_0999")
    with pytest.raises(SchemaBehind):
        SQLStorage(url)
    shutil.copy(tmp_path / "shop.db", tmp_path / "other.db")
    _host(tmp_path, url, str(later))
    _alembic(tmp_path, "upgrade", "heads")
    SQLStorage(url).close()
    other = f"sqlite:///{tmp_path}/other.db"
    SQLStorage(other, migrate="upgrade").close()
    assert _tables(url) == _tables(other)
    assert VERSION_TABLE not in _tables(other)


def test_a_host_may_take_over_the_migrations_of_an_older_store(url: str, tmp_path: Path) -> None:
    """Our own version table stays behind; the later of the two is right."""
    first_schema(url)
    _host(tmp_path, url)
    _alembic(tmp_path, "upgrade", "heads")
    storage = SQLStorage(url, migrate="upgrade")
    assert HEAD == storage.revision()
    storage.close()


@pytest.mark.parametrize("ours", REVISIONS)
@pytest.mark.parametrize("url", ["sqlite", *HEAVY], indirect=True)
def test_a_plugins_branch_comes_and_goes_beside_ours(url: str, ours: str, tmp_path: Path) -> None:
    """Alembic drops the row of what another depends on; we keep ours, or nobody could open the store any more."""
    (tmp_path / "forms_0001.py").write_text(FORMS.format(ours=ours))
    known = seed(url, 5)
    engine = engine_of(url)
    with engine.connect() as connection:
        migrations.upgrade(connection, "heads", also=[tmp_path])
        connection.commit()
        rows = {str(row[0]) for row in connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")}
    assert {HEAD, "forms_0001"} == rows
    assert "forms_answer" in _tables(url)
    SQLStorage(url, migrate="upgrade").close()
    storage = SQLStorage(url)
    assert HEAD == storage.revision()
    ada = a_client()
    commit(storage, ada)
    storage.close()
    with engine.connect() as connection:
        migrations.upgrade(connection, "heads", also=[tmp_path])
        migrations.downgrade(connection, "forms@base", also=[tmp_path])
        connection.commit()
        assert [(HEAD,)] == [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {VERSION_TABLE}")]
    engine.dispose()
    assert "forms_answer" not in _tables(url)
    assert {**known, ada.id: ada} == state(url)[0]


def test_a_store_upgrades_without_a_plugin_it_was_written_with(url: str, tmp_path: Path) -> None:
    """What the plugin made stays, and so does its row."""
    (tmp_path / "forms_0001.py").write_text(FORMS.format(ours=REVISIONS[0]))
    engine = engine_of(url)
    with engine.connect() as connection:
        migrations.upgrade(connection, REVISIONS[0])
        migrations.upgrade(connection, "forms@head", also=[tmp_path])
        connection.commit()
        SQLStorage(url, migrate="upgrade").close()
        rows = {str(row[0]) for row in connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")}
    engine.dispose()
    assert {HEAD, "forms_0001"} == rows
    assert "forms_answer" in _tables(url)
    assert () == check(url)


def test_the_revisions_may_be_run_again_over_their_own_tables(url: str) -> None:
    """Where making tables cannot be rolled back, who was interrupted begins anew: every step finds itself done."""
    seed(url, 3)
    engine = engine_of(url)
    with engine.connect() as connection:
        for _ in "12":
            migrations.upgrade(connection)
            connection.exec_driver_sql(f"DELETE FROM {VERSION_TABLE}")
        migrations.upgrade(connection)
        connection.commit()
    engine.dispose()
    SQLStorage(url, migrate="upgrade").close()
    assert () == check(url)
