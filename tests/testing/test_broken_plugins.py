"""The checks bite: each promise broken on purpose is noticed by the check that stands for it, and by no other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import busy_module as busy_module
import prying_module as prying_module
import pytest
from broken import BROKEN

from crmkit.testing import PluginConformance
from pytest_crmkit import tier_of

#: One process runs them all, for every test of this file.
pytestmark = pytest.mark.xdist_group("broken plugins")
FOLDER = Path(__file__).with_name("broken_plugins")
Results = Mapping[str, Mapping[str, str | None]]
#: A CRM refuses to open with one of these, so that every check that opens one fails as well.
REFUSED = {"Misspelt"}
#: Sound or broken as others, with gaps declared.
GAPS = {"gap", "closed_gap", "strange_gap"}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, str]:
    """What each check said of each plugin: None, or the message it failed with; and what was printed."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", "pytest.ini", "--junitxml=results.xml", "--tb=no"]
    command += ["-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-p", "pytest_crmkit"]
    paths = os.pathsep.join([str(FOLDER), *sys.path])
    done = subprocess.run(
        [*command, "--import-mode=importlib", str(FOLDER / "broken_under_suite.py")],
        cwd=folder, check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert 1 == done.returncode, done.stdout + done.stderr
    found: dict[str, dict[str, str | None]] = defaultdict(dict)
    for case in ET.parse(folder / "results.xml").getroot().iter("testcase"):  # noqa: S314  # our own file
        failed = [one.get("message", "") for kind in ("failure", "error") for one in case.findall(kind)]
        name = case.get("classname", "").rpartition(".Test_")[2]
        found[name][case.get("name", "")[5:8]] = failed[0] if failed else None
    return found, done.stdout


def test_no_broken_plugin_passes(said: tuple[Results, str]) -> None:
    """Whoever breaks a promise is told by every check that claims to hold it."""
    passed = [
        f"{name} passes {check}: {broken.promise}"
        for name, broken in BROKEN.items()
        for check in broken.noticed_by
        if not said[0][name].get(check)
    ]
    assert not passed, "\n".join(passed)


def test_a_broken_plugin_fails_for_what_it_breaks_alone(said: tuple[Results, str]) -> None:
    """A check that fails by accident would send its author the wrong way."""
    beside = {
        f"{name} {check}": message
        for name, checks in said[0].items()
        for check, message in checks.items()
        if message and name not in REFUSED | GAPS and (name.startswith("sound") or check not in BROKEN[name].noticed_by)
    }
    assert {} == beside


def test_there_is_a_broken_plugin_for_every_check() -> None:
    """A check that nothing fails is none."""
    checks = {name[5:8] for name in dir(PluginConformance) if name.startswith("test_k")}
    assert checks == {check for broken in BROKEN.values() for check in broken.noticed_by}
    assert 20 == len(checks)


def test_a_declared_gap_must_be_one(said: tuple[Results, str]) -> None:
    """Otherwise nobody would take it away when it closes, and a misspelt one would hide nothing."""
    assert {} == {check: message for check, message in said[0]["gap"].items() if message}
    closed = {check: message for check, message in said[0]["closed_gap"].items() if message}
    assert ["k20"] == list(closed)
    assert "it was not described" in str(closed["k20"])
    assert all("There is no check K99" in str(message) for message in said[0]["strange_gap"].values())
    assert "K17 is declared: rows are on SQL only" in said[1]


def test_the_run_tells_which_tier_was_reached(said: tuple[Results, str]) -> None:
    """From checks that were run and passed, and from nothing else; one that failed anywhere does not count."""
    assert "shop: no tier; bronze wants K01, K02, K03, K04, K05, K06" in said[1]


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (range(1, 22), "gold"),
        ((*range(1, 15), 21), "silver; gold wants K16, K17, K18, K19, K20"),
        (range(1, 14), "bronze; silver wants K14, K21"),
        (range(2, 22), "no tier; bronze wants K01"),
    ],
    ids=["all", "to K14", "to K13", "without K01"],
)
def test_a_tier_is_every_check_of_it_and_of_those_before(held: Iterable[int], told: str) -> None:
    """The name of a tier says what was looked at."""
    assert told == tier_of({f"K{number:02}" for number in held})
