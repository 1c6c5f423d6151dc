"""R1: what was committed stays, what was not is wholly there or wholly absent, whenever the process is killed."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from promises.figures import Figure
from promises.scales import scales

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
Start = Callable[..., subprocess.Popen[str]]
Tell = Callable[..., Figure]
#: So long may one kill take on a slow machine.
PATIENCE = 2.0


def _kill(start: Start, loop: str = "kills", **asked: Any) -> Mapping[str, int]:
    child = start(loop, json.dumps(asked))
    told, wrong = child.communicate(timeout=60 + PATIENCE * asked["kills"])
    assert (0, "") == (child.returncode, wrong)
    counts: Mapping[str, int] = json.loads(told)
    return counts


@pytest.mark.parametrize("journal", ["wal", "delete"])
@scales(plain=12, heavy=1_500, nightly=50_000)
def test_a_process_killed_at_any_instant_loses_nothing_it_acknowledged(
    journal: str, run: str, scale: int, memory_folder: Path, script: Start, tell: Tell
) -> None:
    """Nor is anything half there: client, deal, steps, consent, journal and key came in one commit."""
    counts = _kill(script, folder=str(memory_folder), journal=journal, kills=scale, seed=scale)
    tell("R1", f"sqlite-{journal}", run, counts, f"SQLite {sqlite3.sqlite_version}")
    assert (scale, 0, 0) == (counts["kills"], counts["lost"], counts["half"])
    assert counts["acknowledged"] >= scale


@scales(plain=2, heavy=200, nightly=5_000)
def test_a_fresh_interpreter_killed_at_any_instant_loses_nothing_it_acknowledged(
    run: str, scale: int, memory_folder: Path, script: Start, tell: Tell
) -> None:
    """A fork inherits what its parent has loaded and opened; a program that starts anew inherits nothing."""
    counts = _kill(script, folder=str(memory_folder), kills=scale, seed=scale, fresh=True)
    tell("R1", "sqlite-wal, fresh interpreters", run, counts, f"SQLite {sqlite3.sqlite_version}")
    assert (scale, 0, 0) == (counts["kills"], counts["lost"], counts["half"])


@scales(plain=15, heavy=500, nightly=5_000)
def test_a_process_killed_at_any_instant_leaves_no_document_without_its_content(
    run: str, scale: int, memory_folder: Path, script: Start
) -> None:
    """A content comes before its document and goes after it; what a kill leaves between the two, a sweep finds."""
    counts = _kill(script, "papers", folder=str(memory_folder), kills=scale, seed=scale)
    assert (scale, 0, 0) == (counts["kills"], counts["lost"], counts["unswept"])
    assert counts["documents"] >= scale
    assert run == "plain" or counts["contents_left"] > 0
