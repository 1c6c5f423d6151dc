"""`crmkit <plugin> <command>`, as an operator runs it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result
from installing import install_bell

from crmkit.cli.commands import crmkit

POLISH = (
    'import click\n\n\n@click.command()\n@click.argument("what")\ndef polish(what):\n    click.echo(f"{what} shines")\n'
)


@pytest.fixture(autouse=True)
def _a_bell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cast("Any", monkeypatch).syspath_prepend(str(tmp_path))
    monkeypatch.delenv("CRMKIT_PLUGINS", raising=False)
    for name in ("crmkit_bell", "crmkit_bell_polish"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    install_bell(tmp_path)


def _run(*words: str) -> Result:
    return CliRunner().invoke(crmkit, [*words])


def test_a_plugins_command_is_run_by_its_name(tmp_path: Path) -> None:
    """With its own arguments."""
    (tmp_path / "crmkit_bell_polish.py").write_text(POLISH)
    assert "brass shines\n" == _run("bell", "polish", "brass").output


def test_the_help_of_a_plugins_commands_imports_none(tmp_path: Path) -> None:
    """What they need may be heavy."""
    (tmp_path / "crmkit_bell_polish.py").write_text(POLISH)
    assert "Make it shine." in _run("bell", "--help").output
    assert "crmkit_bell_polish" not in sys.modules


def test_a_command_that_cannot_be_imported_is_one_sentence() -> None:
    """And nothing else of the command line is harmed."""
    told = _run("bell", "polish", "brass")
    assert (1, "Error: crmkit_bell_polish:polish of the plugin bell cannot be imported (ModuleNotFoundError).\n") == (
        told.exit_code, told.output,
    )  # fmt: skip
    assert 0 == _run("plugins").exit_code


def test_a_broken_plugin_leads_to_the_doctor(tmp_path: Path) -> None:
    """Whatever its module raises."""
    (tmp_path / "crmkit_bell.py").write_text("raise SystemExit")
    told = _run("bell", "polish")
    assert 2 == told.exit_code
    assert "see crmkit plugins doctor bell" in told.output


def test_a_plugin_that_is_not_listed_brings_no_command(tmp_path: Path) -> None:
    """Installed is not switched on."""
    (tmp_path / "crmkit.toml").write_text("")
    assert "No such command 'bell'." in _run("bell", "polish").output
