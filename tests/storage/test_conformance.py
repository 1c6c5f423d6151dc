"""The suite itself: it finds what it must, and cannot be talked out of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

START = """
import pytest
from crmkit.storage.memory import MemoryStorage
from crmkit.storage.memory.transaction import MemoryTransaction
from crmkit.testing import StorageConformance

class TestIt(StorageConformance):
    @pytest.fixture
    def storage(self):
        return MemoryStorage()
"""
GAP = "    known_gaps = {{'{name}': 'too hard'}}\n"
NO_ROLLBACK = """
@pytest.fixture(autouse=True)
def broken(monkeypatch):
    monkeypatch.setattr(MemoryTransaction, "rollback", lambda tx: tx.ended or tx._storage.commit(tx))
"""


def _ran(tmp_path: Path, source: str, only: str) -> tuple[int, int, str]:
    """How many passed and how many failed of the tests whose names hold *only*, and what was said."""
    file = tmp_path / "test_it.py"
    file.write_text(source, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "-q",
        "-k",
        only,
        str(file),
    ]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    counts = {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|error|xfailed)", done.stdout)}
    return (
        counts.get("passed", 0) + counts.get("xfailed", 0),
        counts.get("failed", 0) + counts.get("error", 0),
        done.stdout,
    )


def test_an_edited_test_is_refused(tmp_path: Path) -> None:
    """Whoever cannot pass one declares a gap; nobody rewrites the rule."""
    edited = START + "    def test_two_writers_meet(self): pass\n"
    assert (0, 1) == _ran(tmp_path, edited, "runs_as_shipped")[:2]
    assert (1, 0) == _ran(tmp_path, START, "runs_as_shipped")[:2]


def test_a_declared_gap_is_strict(tmp_path: Path) -> None:
    """It excuses a failing test, is an error once the test passes, and must name a test there is."""
    name = "test_a_rollback_leaves_nothing"
    assert (1, 0) == _ran(tmp_path, START + GAP.format(name=name) + NO_ROLLBACK, name)[:2]
    assert (0, 1) == _ran(tmp_path, START + GAP.format(name=name), name)[:2]
    assert (0, 1) == _ran(tmp_path, START + GAP.format(name="test_of_old"), "runs_as_shipped")[:2]


@pytest.mark.parametrize("only", ["same_id_twice", "own_scope_hides"])
def test_a_forgotten_fixture_is_explained(tmp_path: Path, only: str) -> None:
    """The first thing a storage author does wrong gets the first answer."""
    source = "from crmkit.testing import StorageConformance\nclass TestIt(StorageConformance): pass\n"
    passed, failed, said = _ran(tmp_path, source, only)
    assert 0 == passed < failed
    assert "Override the `storage` fixture" in said
