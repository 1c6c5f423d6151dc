from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("script", [".ci/run", "CONTRIBUTING.md"])
def test_the_readmes_test_command_is_the_one_that_is_run(script: str) -> None:
    """A newcomer's command and the one that guards every change are the same, letter by letter."""
    (command,) = set(re.findall(r"python3 -m venv .*bin/tox\b", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert command in (ROOT / script).read_text(encoding="utf-8")


def test_every_kind_of_test_has_a_tox_environment() -> None:
    """What plain `tox` leaves out can still be run by its name."""
    environments = tomllib.loads((ROOT / "tox.toml").read_text(encoding="utf-8"))["env"]
    markers = {line.partition(":")[0] for line in PYPROJECT["tool"]["pytest"]["markers"]}
    assert markers <= environments.keys()


def test_every_dependency_is_on_record() -> None:
    """docs/decisions says of each package why it is there."""
    record = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "decisions").glob("*.md"))
    project = PYPROJECT["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    names = {re.split(r"[<>=~\[; ]", line)[0] for line in lines}
    assert set() == {name for name in names if name.lower() not in record.lower()}


def test_every_fragment_of_the_changelog_has_a_kind_we_know() -> None:
    """A misspelt kind would silently stay out of the release notes."""
    kinds = {kind["directory"] for kind in PYPROJECT["tool"]["towncrier"]["type"]}
    names = {path.name for path in (ROOT / "changelog.d").iterdir()} - {"README.md"}
    assert set() == {name for name in names if not re.fullmatch(rf"[+\w-]+\.({'|'.join(kinds)})\.md", name)}
