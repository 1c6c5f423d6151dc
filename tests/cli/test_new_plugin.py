"""`crmkit new-plugin`: what it writes works as it stands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import crmkit as package
from crmkit.cli.new_plugin import new_plugin
from crmkit.cli.scaffold import KINDS
from crmkit.errors import Invalid

SOURCE = str(Path(package.__file__).parents[1])


def _made(folder: Path, *words: str) -> Path:
    result = CliRunner().invoke(new_plugin, [*words, "--to", str(folder)], catch_exceptions=False)
    assert 0 == result.exit_code, result.output
    return folder / f"crmkit-{words[0].replace('_', '-')}"


def _run(folder: Path, *words: str) -> str:
    """What a tool says in *folder*, with this crmkit and nothing of ours else."""
    environment = {**os.environ, "PYTHONPATH": SOURCE, "MYPYPATH": f"src:{SOURCE}"}
    environment.pop("PYTEST_ADDOPTS", None)
    ran = subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_passes_its_own_tests_and_lint(tmp_path: Path, kind: str) -> None:
    """As its author finds it, with the configuration it came with."""
    folder = _made(tmp_path, "birthday_cards2", f"--{kind}")
    assert "" == _run(folder, "pytest", "-q", "-p", "no:cacheprovider")
    if shutil.which("ruff", path=Path(sys.executable).parent):
        assert "" == _run(folder, "ruff", "check", "--no-cache")
        assert "" == _run(folder, "ruff", "format", "--check", "--no-cache")


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_is_typed_strictly(tmp_path: Path, kind: str) -> None:
    """Mypy has nothing to say with its own configuration."""
    pytest.importorskip("mypy")
    folder = _made(tmp_path, "birthday_cards2", f"--{kind}")
    assert "" == _run(folder, "mypy", "--cache-dir", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of this crmkit, which no registry has yet."""
    folder = tmp_path_factory.mktemp("wheels")
    words = ("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), ".")
    assert "" == _run(Path(__file__).parents[2], *words)
    return folder


@pytest.mark.nightly
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_passes_all_of_its_tox(
    tmp_path: Path, kind: str, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In environments of its own; everything but crmkit comes from whatever registry is set up."""
    pytest.importorskip("tox")
    monkeypatch.setenv("PIP_FIND_LINKS", f"{os.environ.get('PIP_FIND_LINKS', '')} {built}".strip())
    assert "" == _run(_made(tmp_path, "birthday_cards2", f"--{kind}"), "tox")


def test_a_plugin_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    """Not even what differs."""
    kept = _made(tmp_path, "bell") / "README.md"
    kept.write_text("mine")
    with pytest.raises(Invalid, match="exists"):
        _made(tmp_path, "bell", "--policy")
    assert "mine" == kept.read_text()


@pytest.mark.parametrize(
    "name", ["Bell", "2bell", "bell-tower", "_bell", "bell_", "be__ll", "../bell", "bell\n", "b" * 41]
)
def test_what_cannot_be_a_name_is_refused(tmp_path: Path, name: str) -> None:
    """Before anything is written."""
    with pytest.raises(Invalid, match="Give up to 40 small letters"):
        _made(tmp_path, name)
    assert [] == list(tmp_path.iterdir())


def test_a_plugin_begins_as_one_kind(tmp_path: Path) -> None:
    """Two kinds are a mistake."""
    result = CliRunner().invoke(new_plugin, ["bell", "--policy", "--channel", "--to", str(tmp_path)])
    assert 2 == result.exit_code
