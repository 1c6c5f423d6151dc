"""The suite bites: each promise broken on purpose is noticed by the tests that stand for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import broken_meeting as broken_meeting
import broken_outbox as broken_outbox
import broken_reading as broken_reading
import broken_scopes as broken_scopes
import broken_values as broken_values
import broken_writing as broken_writing
import pytest
from mutants import MUTANTS

from crmkit.testing import StorageConformance

#: One process runs them all, for every test of this file.
pytestmark = pytest.mark.xdist_group("mutants")
ADAPTERS = Path(__file__).with_name("adapters")
#: Failures that say a mutant is broken as a program, not as a storage.
CLUMSY = ("TypeError", "AttributeError", "NameError", "ImportError", "KeyError", "UnboundLocalError")
Results = Mapping[tuple[str, str], list[str | None]]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What each test said of each storage, run by run: None, or the message it failed with."""
    folder = tmp_path_factory.mktemp("mutants")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", "pytest.ini", "--junitxml=results.xml", "--tb=no"]
    command += ["-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "--import-mode=importlib"]
    paths = os.pathsep.join(
        [
            str(ADAPTERS),
            *(str(ADAPTERS.parents[1] / one) for one in ("servers", "reliability/loops")),
            os.environ.get("PYTHONPATH", ""),
        ]
    )
    done = subprocess.run(
        [*command, str(ADAPTERS / "mutants_under_suite.py")],
        cwd=folder, check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert 1 == done.returncode, done.stdout + done.stderr
    said: dict[tuple[str, str], list[str | None]] = defaultdict(list)
    for case in ET.parse(folder / "results.xml").getroot().iter("testcase"):  # noqa: S314  # our own file
        failed = [one.get("message", "") for kind in ("failure", "error") for one in case.findall(kind)]
        name = case.get("classname", "").rpartition(".Test_")[2]
        said[name, case.get("name", "").partition("[")[0]].append(failed[0] if failed else None)
    return said


def test_no_mutant_survives(results: Results) -> None:
    """Whoever breaks a promise is told by every test that claims to hold it."""
    survivors = [
        f"{name} survives {test}: {mutant.promise}"
        for name, mutant in MUTANTS.items()
        for test in mutant.noticed_by
        if not any(results.get((name, test), ()))
    ]
    assert not survivors, "\n".join(survivors)


def test_a_mutant_fails_for_what_it_breaks(results: Results) -> None:
    """One that stumbles over its own feet would prove nothing."""
    stumbling = {
        name: said
        for (name, _), runs in results.items()
        for said in runs
        if said and said.partition(":")[0].rpartition(".")[2] in CLUMSY
    }
    assert {} == stumbling


def test_what_the_mutants_are_made_of_is_sound(results: Results) -> None:
    """The same tests let the unbroken storages pass."""
    known = {"test_a_transaction_that_only_reads_writes_nothing"}  # a declared gap of theirs
    ill = [key for key, runs in results.items() if key[0].startswith("sound_") and any(runs)]
    assert [] == [key for key in ill if key[1] not in known]
    assert 2 == len({name for name, _ in results if name.startswith("sound_")})


def test_every_mutant_names_tests_there_are() -> None:
    """And there are many: the contract makes many promises."""
    tests = {name for name in dir(StorageConformance) if name.startswith("test_")}
    assert set() == {name for mutant in MUTANTS.values() for name in mutant.noticed_by} - tests
    assert 25 <= len(MUTANTS)
