"""`crmkit plugins …`, as an operator runs it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner
from installing import install, install_bell

from crmkit import CRM
from crmkit.cli.plugins import plugins
from crmkit.errors import Invalid
from crmkit.plugins import load


@pytest.fixture(autouse=True)
def _a_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cast("Any", monkeypatch).syspath_prepend(str(tmp_path))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.delenv("CRMKIT_PLUGINS", raising=False)
    monkeypatch.delitem(sys.modules, "crmkit_bell", raising=False)


def _run(*words: str) -> str:
    result = CliRunner().invoke(plugins, [*words], catch_exceptions=False)
    assert 0 == result.exit_code, result.output
    return result.output


def test_without_a_store_plugins_are_shown_and_none_is_started(tmp_path: Path) -> None:
    """The list of the current folder is read; what is made is not started."""
    install_bell(tmp_path)
    (told,) = json.loads(_run("--json"))
    assert ("bell", "stopped", 1, "1.2", ["bell.ring"]) == (
        told["name"], told["state"], told["place"], told["version"], told["subscribers"],
    )  # fmt: skip
    assert "1  bell    stopped  1.2      v1   2      1 (0/0)" in _run()


def test_with_a_store_what_waits_and_what_is_dead_is_counted(tmp_path: Path) -> None:
    """From the deliveries that are kept there."""
    config = install_bell(tmp_path)
    url = f"sqlite:///{tmp_path}/shop.db"
    with CRM.open(url, plugins=load(config), delivery="external") as crm:
        for name in ("Ada", "Grace"):
            with crm.begin() as tx:
                tx.clients.add(name=name)
        crm.relay.queue.expand(10)
    (told,) = json.loads(_run(url, "--json"))
    assert ("running", 2, 0) == (told["state"], told["waiting"], told["dead"])
    assert "1 (2/0)" in _run("list", url)


def test_another_list_is_named_by_option_or_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option wins."""
    install_bell(tmp_path).rename(tmp_path / "other.toml")
    (tmp_path / "none.toml").write_text("")
    assert "No plugin is listed." in _run()
    monkeypatch.setenv("CRMKIT_PLUGINS", "other.toml")
    assert "bell" in _run()
    assert "No plugin is listed." in _run("--plugins", "none.toml")


def test_what_is_wrong_stands_beside_its_plugin(tmp_path: Path) -> None:
    """With where to read on; the others are shown all the same."""
    install_bell(tmp_path)
    (tmp_path / "crmkit.toml").write_text('[plugins]\nenabled = ["bell", "gone"]\n[plugins.bell]\nfile = 5\n')
    told = _run()
    assert "misconfigured" in told
    assert "crmkit plugins doctor bell tells all" in told
    assert "No installed distribution brings a plugin gone." in told


def test_installed_plugins_that_are_not_listed_are_shown_when_asked_for(tmp_path: Path) -> None:
    """Without being imported."""
    install(tmp_path, "crmkit-old", "crmkit_old", "raise SystemExit", group="crmkit.v0", old="Old")
    assert "old" not in _run()
    assert "made for the plugin API v0" in _run("--all")
    assert "crmkit_old" not in sys.modules


def test_every_hook_is_listed_with_what_a_failure_does() -> None:
    """Declared ones and those of events."""
    known = {one["name"]: one for one in json.loads(_run("hooks", "--json"))}
    assert ("guard", "in_tx", "closed") == tuple(known["crm_check_change"][key] for key in ("kind", "phase", "fail"))
    assert "observe" == known["crm_after_deal_won"]["kind"]
    assert all(name in _run("hooks") for name in known)


def test_the_settings_of_a_plugin_are_shown_with_an_example(tmp_path: Path) -> None:
    """To be pasted into the file."""
    install_bell(tmp_path)
    told = _run("settings", "bell")
    assert "| `file` | text | required | Where it is written down. |" in told
    assert '[plugins.bell]\n# Where it is written down.\nfile = "bell.txt"\n' in told


def test_the_settings_of_a_class_nobody_installed_are_shown_by_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For whoever writes it, where they write it."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "crmkit_gong.py").write_text(
        "import attrs\nfrom crmkit.plugins import Plugin\n@attrs.frozen\nclass GongSettings:\n    sound: str = 'dong'\n"
        "class Gong(Plugin[GongSettings]): ...\n"
    )
    told = _run("settings", "crmkit_gong:Gong")
    assert "| `sound` | text |" in told
    assert "[plugins.gong]" in told
    for place in ("crmkit_gong:Bell", "nowhere:Gong", "crmkit_gong:attrs", "::"):
        with pytest.raises(Invalid, match=r"cannot be imported|no subclass|module:Class"):
            _run("settings", place)


def test_settings_of_a_plugin_that_is_not_there_name_those_that_are(tmp_path: Path) -> None:
    """One sentence that helps."""
    install_bell(tmp_path)
    with pytest.raises(Invalid, match=r"There are: .*bell"):
        _run("settings", "ball")
