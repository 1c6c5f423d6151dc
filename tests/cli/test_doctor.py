"""`crmkit plugins doctor`, as an operator runs it: each finding has a code, a plugin and what to do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from click.testing import CliRunner
from installing import install, install_bell

from crmkit import CRM
from crmkit.cli.plugins import plugins
from crmkit.domain.events import BY_TOPIC
from crmkit.errors import Invalid
from crmkit.events import DealWon
from crmkit.plugins import load, registry
from crmkit.plugins.doctor import importing

PLUGIN = """
from crmkit.events import DealWon
from crmkit.plugins import *
class Odd(Plugin[None]):
    @on(DealWon)
    def hear(self, event): ...
"""


@pytest.fixture(autouse=True)
def _a_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cast("Any", monkeypatch).syspath_prepend(str(tmp_path))
    monkeypatch.delenv("CRMKIT_PLUGINS", raising=False)
    for name in [one for one in sys.modules if one.startswith(("crmkit_bell", "crmkit_odd"))]:
        monkeypatch.delitem(sys.modules, name)


@pytest.fixture(autouse=True)
def _a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long an import takes here, it is not what these tests look for."""
    monkeypatch.setattr(importing, "SLOW", 60)


def _found(*words: str) -> list[tuple[str, str]]:
    result = CliRunner().invoke(plugins, ["doctor", "--json", *words])
    found = [(one["code"], one["plugin"]) for one in json.loads(result.output)]
    assert bool(found) == result.exit_code
    return found


def _odd(folder: Path, source: str, *, group: str = "crmkit.v1", toml: str = "") -> None:
    install(folder, "crmkit-odd", "crmkit_odd", source, group=group, odd="Odd")
    (folder / "crmkit.toml").write_text(f'[plugins]\nenabled = ["odd"]\n{toml}')


def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    """Exit code 0, and a sentence."""
    install_bell(tmp_path)
    result = CliRunner().invoke(plugins, ["doctor"])
    assert (0, "All is well.\n") == (result.exit_code, result.output)


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("P01", "raise RuntimeError"),
        ("P02", PLUGIN + "    name = 'even'"),
        ("P03", PLUGIN + "    requires_api = '1.99'"),
        ("P05", PLUGIN + "    @hookimpl\n    def crm_check_chnge(self): ..."),
        ("P06", PLUGIN + "    @hookimpl\n    def crm_check_change(self, ctx, chnges): ..."),
        ("P11", "import threading; threading.Thread(target=threading.Event().wait, args=(2,), daemon=True).start()\n" + PLUGIN),
        ("P11", "open('left', 'w').close()\n" + PLUGIN),
        ("P11", "import socket; one = socket.socket(); one.bind(('127.0.0.1', 0)); one.close()\n" + PLUGIN),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_code_has_a_code(tmp_path: Path, code: str, source: str) -> None:
    """Exactly one finding for each."""
    _odd(tmp_path, source)
    assert [(code, "odd")] == _found()


def test_an_import_that_takes_long_has_a_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody who starts a process waits for it."""
    monkeypatch.setattr(importing, "SLOW", 0.2)
    _odd(tmp_path, "import threading; threading.Event().wait(0.3)\n" + PLUGIN)
    assert [("P11", "odd")] == _found()


@pytest.mark.parametrize(
    ("code", "toml"),
    [("P04", "[plugins.odd]\ntokn = 5\ntoken = {env = 'PATH'}"), ("P12", "[plugins.odd]\ntoken = 'a-secret-itself'")],
)
def test_what_is_wrong_in_the_file_has_a_code_and_no_value(tmp_path: Path, code: str, toml: str) -> None:
    """A secret that stands there is found and not shown."""
    source = (
        "from crmkit.plugins import *\n@settings_class\nclass S:\n    token: Secret = setting()\n"
        "class Odd(Plugin[S]):\n    pass\n"
    )
    _odd(tmp_path, source, toml=toml)
    assert [(code, "odd")] == _found()
    assert "a-secret-itself" not in CliRunner().invoke(plugins, ["doctor"]).output


def test_two_filters_of_one_value_are_shown_in_their_order(tmp_path: Path) -> None:
    """The last one has the last word."""
    body = "\n    @hookimpl\n    def crm_filter_touchpoint(self, ctx, drafts): ...\n"
    source = PLUGIN + body + "class Even(Odd):\n    name = 'even'\n"
    install(tmp_path, "crmkit-odd", "crmkit_odd", source, odd="Odd", even="Even")
    (tmp_path / "crmkit.toml").write_text('[plugins]\nenabled = ["odd", "even"]\n')
    assert [("P13", "even")] == _found()
    assert [] == _found("odd")
    assert "odd, then even filter" in CliRunner().invoke(plugins, ["doctor"]).output


def test_a_health_check_that_is_not_content_is_told(tmp_path: Path) -> None:
    """In the words of the plugin."""
    install_bell(tmp_path, fails=True)
    assert [("P14", "bell")] == _found()
    assert "P14 bell: clapper: It is loose.\n" == CliRunner().invoke(plugins, ["doctor"]).output


def test_with_a_store_deliveries_are_looked_at(tmp_path: Path) -> None:
    """Those that nobody waits for any more."""
    config, url = install_bell(tmp_path), f"sqlite:///{tmp_path}/shop.db"
    with CRM.open(url, plugins=load(config), delivery="external") as crm:
        with crm.begin() as tx:
            tx.clients.add(name="Ada")
        crm.relay.queue.expand(10)
    assert [] == _found("--store", url)
    config.write_text("")
    assert [("P10", "bell")] == _found("--store", url)


OLD = """
    @hookimpl
    def crm_check_change(self, ctx, changes): ...
"""


def test_what_goes_is_told_with_what_to_write_and_by_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook, an argument and an event, each on its own; as findings, so nobody is warned besides."""
    before = registry.declared()
    old = attrs.evolve(
        before["crm_check_change"], deprecated="0.4", instead="crm_check_deal", going={"changes": "ctx.changes"}
    )
    monkeypatch.setattr(registry, "declared", lambda: {**before, old.name: old})
    monkeypatch.setattr(DealWon, "deprecated", ("0.5", "DealClosed"))
    _odd(tmp_path, PLUGIN + OLD)
    said = [
        "implements crm_check_change, deprecated since 0.4. Write crm_check_deal instead.",
        "takes changes in crm_check_change, which is deprecated. Write ctx.changes instead.",
        "hears DealWon in hear, deprecated since 0.5. Write DealClosed instead.",
    ]
    result = CliRunner().invoke(plugins, ["doctor"])
    assert [f"P07 odd: It {one} crmkit 2.0 refuses it." for one in said] == result.output.splitlines()


SUBSCRIBED = """
    @hookimpl
    def crm_register_observers(self):
        yield Subscription("shop", ("deal.moved", "deal.won"), lambda ctx, event: None)
        yield Subscription("ring", ("bell.rung", "deal.*"), lambda ctx, event: None)
"""
RUNG = """
import attrs
from crmkit.events import Event
@attrs.frozen
class BellRung(Event):
    topic, deprecated = "bell.rung", ("1.2", "BellStruck")
"""


def test_what_goes_is_told_of_every_subscription_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `@on` and by settings alike, of crmkit's events and of a plugin's that only its import brings."""
    monkeypatch.setattr(DealWon, "deprecated", ("0.5", "DealClosed"))
    _odd(tmp_path, RUNG + PLUGIN + SUBSCRIBED + "    @on(BellRung)\n    def toll(self, event): ...\n")
    said = [
        "hears DealWon in hear, deprecated since 0.5. Write DealClosed instead.",
        "hears BellRung in toll, deprecated since 1.2. Write BellStruck instead.",
        "hears deal.won as shop, deprecated since 0.5. Write DealClosed instead.",
        "hears bell.rung as ring, deprecated since 1.2. Write BellStruck instead.",
    ]
    result = CliRunner().invoke(plugins, ["doctor"])
    BY_TOPIC.pop("bell.rung", None)
    assert [f"P07 odd: It {one} crmkit 2.0 refuses it." for one in said] == result.output.splitlines()


TABLES = (
    PLUGIN
    + """
    @hookimpl
    def crm_register_migrations(self):
        from pathlib import Path
        return [Path(__file__).parent / "odd"]
"""
)
REVISION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "odd_0001", None, ("odd",), None

def upgrade():
    op.create_table("odd__answer", sa.Column("id", sa.Integer, primary_key=True))

def downgrade():
    op.drop_table("odd__answer")
"""


def _tables(folder: Path) -> str:
    """A store, and a plugin whose tables are not in it."""
    _odd(folder, TABLES)
    (folder / "odd").mkdir()
    (folder / "odd" / "odd_0001.py").write_text(REVISION)
    url = f"sqlite:///{folder}/shop.db"
    CRM.open(url).close()
    return url


def test_tables_that_are_behind_are_told_until_they_are_there(tmp_path: Path) -> None:
    """Only a store has tables, and the doctor changes none."""
    url = _tables(tmp_path)
    assert [] == _found()
    assert [("P08", "odd")] == _found("--store", url) == _found("--store", url)
    CRM.open(url, plugins=load(tmp_path / "crmkit.toml"), migrate="upgrade").close()
    assert [] == _found("--store", url)


@pytest.mark.parametrize(
    ("revision", "said"),
    [("", "branch_labels = ('odd',)"), ("raise RuntimeError('Ada')", "cannot be imported (RuntimeError)")],
    ids=["no branch", "no revision"],
)
def test_tables_that_no_revision_makes_are_told(tmp_path: Path, revision: str, said: str) -> None:
    """Nobody can bring them up to date; the other plugins start all the same."""
    url, file = _tables(tmp_path), tmp_path / "odd" / "odd_0001.py"
    file.write_text(revision) if revision else file.unlink()
    assert [("P08", "odd")] == _found("--store", url)
    told = CliRunner().invoke(plugins, ["doctor", "--store", url]).output
    assert said in told
    assert "Ada" not in told


def test_a_plugin_that_is_not_listed_cannot_be_asked_about(tmp_path: Path) -> None:
    """The answer names those that are."""
    install_bell(tmp_path)
    with pytest.raises(Invalid, match=r"There are: bell\."):
        CliRunner().invoke(plugins, ["doctor", "ball"], catch_exceptions=False)
