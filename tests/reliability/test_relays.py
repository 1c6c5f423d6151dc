"""R2, R3, R4: whoever dies, stops or comes late, what was committed is told to all who must hear it, and done once."""

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
SQLITE = f"SQLite {sqlite3.sqlite_version}"


def _counted(start: Start, loop: str, patience: float, **asked: Any) -> Mapping[str, int]:
    child = start(loop, json.dumps(asked))
    told, wrong = child.communicate(timeout=60 + patience)
    assert (0, "") == (child.returncode, wrong)
    counts: Mapping[str, int] = json.loads(told)
    return counts


@scales(plain=15, heavy=3_000, nightly=100_000)
def test_a_relay_killed_at_any_instant_loses_nothing_and_doubles_nothing(
    run: str, scale: int, memory_folder: Path, script: Start, tell: Tell
) -> None:
    """Outside, whoever honours the key does a thing once; inside, whoever asks `ctx.once` does."""
    counts = _counted(script, "relays", scale, folder=str(memory_folder), kills=scale, seed=scale)
    tell("R4", "sqlite", run, counts, SQLITE)
    assert (scale, 0, 0) == (counts["kills"], counts["lost"], counts["doubled"])
    assert counts["while telling"] > scale / 2, "Most relays had told everything before they were killed."
    assert run == "plain" or counts["told again"] > 0, "Nothing was told twice, so the keys prove nothing."
