"""`crmkit db …` with plugins that have tables of their own, as an operator runs it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from installing import install
from private_servers import MariaDBServer, PostgreSQLServer

from crmkit import CRM
from crmkit.cli.commands import crmkit
from crmkit.errors import Invalid
from crmkit.plugins import load
from crmkit.storage.sql import SQLStorage

PLUGIN = """
from pathlib import Path
from crmkit.plugins import *

@settings_class
class Settings:
    token: Secret = setting(help="What the provider gave you.")

class {cls}(Plugin[Settings]):
    @hookimpl
    def crm_register_migrations(self):
        return [Path(__file__).parent / "{name}_revisions"]

class {cls}Bell(Plugin[Settings]):
    name = "{name}_bell"

    @hookimpl
    def crm_register_health_checks(self):
        return []
"""
REVISION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{name}_000{number}", {below}, {labels}, None

def upgrade():
    op.create_table("{name}__{number}", sa.Column("id", sa.Integer, primary_key=True))

def downgrade():
    op.drop_table("{name}__{number}")
"""


@pytest.fixture(autouse=True)
def _a_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cast("Any", monkeypatch).syspath_prepend(str(tmp_path))
    monkeypatch.delenv("CRMKIT_PLUGINS", raising=False)
    monkeypatch.setenv("TOKEN", "t0ken")
    for name in ("crmkit_forms", "crmkit_polls"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        install(tmp_path, name, name, PLUGIN.format(name=name[7:], cls=name[7:].title()), **_entries(name[7:]))
        _revise(tmp_path, name[7:], 1)
    _list(tmp_path, "forms", "polls", "forms_bell")


def _entries(name: str) -> Mapping[str, str]:
    return {name: name.title(), f"{name}_bell": f"{name.title()}Bell"}


def _list(folder: Path, *names: str) -> None:
    tables = "".join(f'[plugins.{name}]\ntoken = {{env = "TOKEN"}}\n' for name in names)
    (folder / "crmkit.toml").write_text(f"[plugins]\nenabled = {list(names)}\n{tables}")


def _revise(folder: Path, name: str, number: int, **instead: str) -> Path:
    """Bring the next revision of a plugin."""
    file = folder / f"{name}_revisions" / f"{name}_000{number}.py"
    file.parent.mkdir(exist_ok=True)
    first = {"below": "None", "labels": f"({name!r},)"} if number == 1 else {}
    later = {"below": repr(f"{name}_000{number - 1}"), "labels": "None"}
    file.write_text(REVISION.format(name=name, number=number, **{**later, **first, **instead}))
    return file


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/shop.db"
    server: PostgreSQLServer | MariaDBServer = request.getfixturevalue(f"{request.param}_server")
    return server.new()  # one that others get emptied would keep these tables


def _run(*words: str) -> Result:
    return CliRunner().invoke(crmkit, ["db", *words])


def _said(result: Result) -> list[str]:
    """What was said of plugins."""
    return [line for line in result.output.splitlines() if line.startswith("Plugin ")]


def _tables(url: str) -> set[str]:
    storage = SQLStorage(url, migrate="never")
    names = sa.inspect(storage.engine).get_table_names()
    storage.close()
    return {name for name in names if "__" in name}


def test_one_command_brings_the_store_and_its_plugins_up_to_date(tmp_path: Path, url: str) -> None:
    """It says what it did of each, and a second run that there was nothing to do; who has no tables is not named."""
    made = _run("upgrade", url)
    assert 0 == made.exit_code, made.output
    assert "is at revision crmkit_" in made.stdout.splitlines()[0]
    assert [
        "Plugin forms: its tables are at forms_0001, newly made.",
        "Plugin polls: its tables are at polls_0001, newly made.",
    ] == _said(made)
    _revise(tmp_path, "forms", 2)
    assert [
        "Plugin forms: its tables are at forms_0002, up from forms_0001.",
        "Plugin polls: its tables are at polls_0001.",
    ] == _said(_run("upgrade", url))
    again = _run("upgrade", url)
    assert ["Plugin forms: its tables are at forms_0002.", "Plugin polls: its tables are at polls_0001."] == _said(
        again
    )
    assert again.output == _run("current", url).output
    assert {"forms__1", "forms__2", "polls__1"} == _tables(url)
    with CRM.open(url, plugins=load(tmp_path / "crmkit.toml"), migrate="never") as crm:
        assert ["running"] * 3 == [one.state for one in crm.plugins.status()]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_is_pending_is_named_and_left_alone(tmp_path: Path, url: str) -> None:
    """`current` and `check` change nothing, and a check that finds something ends with 1."""
    CRM.open(url).close()
    for _ in "twice":
        told = ["Plugin forms: it has no tables yet, forms_0001 is pending. Run `crmkit db upgrade`."]
        told += ["Plugin polls: it has no tables yet, polls_0001 is pending. Run `crmkit db upgrade`."]
        assert (0, told) == ((said := _run("current", url)).exit_code, _said(said))
        assert (1, told) == ((said := _run("check", url)).exit_code, _said(said))
    _run("upgrade", url)
    assert (0, "All is well.\n") == ((said := _run("check", url)).exit_code, said.output)
    _revise(tmp_path, "polls", 2)
    told = ["Plugin polls: its tables are at polls_0001, polls_0002 is pending. Run `crmkit db upgrade`."]
    assert (1, told) == ((said := _run("check", "--quick", url)).exit_code, _said(said))
    assert {"forms__1", "polls__1"} == _tables(url)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_plugin_that_cannot_be_upgraded_keeps_no_other_from_it(tmp_path: Path, url: str) -> None:
    """Its failure is named, and the exit code says that something is left to do."""
    broken = _revise(tmp_path, "forms", 1, labels="('other',)")
    done = _run("upgrade", url)
    assert 1 == done.exit_code
    failed, upgraded = _said(done)
    assert failed.startswith("Plugin forms: The folder of forms's revisions needs one with branch_labels = ('forms',).")
    assert "Plugin polls: its tables are at polls_0001, newly made." == upgraded
    assert failed in done.stderr
    assert (1, [failed]) == ((said := _run("check", url)).exit_code, _said(said))
    assert {"polls__1"} == _tables(url)
    broken.write_text("raise RuntimeError('Ada Lovelace')")
    assert "Lovelace" not in (said := _run("upgrade", url)).output
    assert "cannot be imported (RuntimeError)" in said.stderr


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_secrets_are_not_needed_to_upgrade(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever changes the schema need not be able to talk to providers."""
    monkeypatch.delenv("TOKEN")
    assert 0 == _run("upgrade", url).exit_code
    assert {"forms__1", "polls__1"} == _tables(url)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_plugin_that_is_not_there_is_no_reason_to_say_that_all_is_well(tmp_path: Path, url: str) -> None:
    """Its tables may be behind: nobody can know."""
    _list(tmp_path, "forms", "quiz")
    done = _run("upgrade", url)
    assert 1 == done.exit_code
    assert ["Plugin quiz: Its tables were not looked at. No installed distribution brings a plugin quiz."] == [
        line.partition(" Install")[0] for line in done.stderr.splitlines()
    ]
    assert {"forms__1"} == _tables(url)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_tables_of_a_newer_version_are_left_alone(tmp_path: Path, url: str) -> None:
    """Who went back to an older plugin is told so; running its revisions again would fail half-way."""
    second = _revise(tmp_path, "forms", 2)
    _run("upgrade", url)
    second.unlink()
    shutil.rmtree(second.parent / "__pycache__", ignore_errors=True)
    for command in ("upgrade", "check"):
        said = _run(command, url)
        assert 1 == said.exit_code
        assert "The tables of forms are there, by a revision that it does not have." in said.output
    assert {"forms__1", "forms__2", "polls__1"} == _tables(url)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_plugins_tables_go_when_it_is_taken_off_the_list(tmp_path: Path, url: str) -> None:
    """Not before, not unasked, and without those of others."""
    _run("upgrade", url)
    with pytest.raises(Invalid, match="Take polls off the list"):
        CliRunner().invoke(crmkit, ["db", "uninstall", url, "polls", "--yes"], catch_exceptions=False)
    _list(tmp_path, "forms")
    asked = CliRunner().invoke(crmkit, ["db", "uninstall", url, "polls"], input="n\n")
    assert (1, {"forms__1", "polls__1"}) == (asked.exit_code, _tables(url))
    gone = _run("uninstall", url, "polls", "--yes")
    assert (0, ["Plugin polls: its tables are gone."]) == (gone.exit_code, _said(gone))
    assert {"forms__1"} == _tables(url)
    assert 0 == _run("check", url).exit_code
    for name in ("forms_bell", "quiz"):
        assert isinstance(_run("uninstall", url, name, "--yes").exception, Invalid)
