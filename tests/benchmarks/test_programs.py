"""The programs run as their page says: what nobody runs stops working."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
PROGRAMS = {
    "speed": ("speed.py", "--clients", "100", "--rounds", "1", "--count", "10", "--contenders", "raw,business,crmkit,own"),
    "speed in memory": ("speed.py", "--database", "memory", "--clients", "50", "--rounds", "1", "--count", "10",
                        "--contenders", "raw,crmkit"),
    "speed on PostgreSQL": ("speed.py", "--database", "postgresql", "--clients", "100", "--rounds", "1", "--count", "10",
                            "--contenders", "raw,crmkit,own,wall"),
    "growth": ("growth.py", "--largest", "100", "--longest", "100", "--times", "5"),
    "writers": ("writers.py", "--count", "3"),
    "sealing": ("sealing.py", "--entries", "2000", "--commits", "20", "--rounds", "1"),
    "starting": ("starting.py", "--rounds", "1"),
}  # fmt: skip


@pytest.mark.heavy
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_prints_its_page(name: str) -> None:
    """With a table on it, and without a complaint but how far it is."""
    program, *arguments = PROGRAMS[name]
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / program), *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(BENCHMARKS)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# "), done.stdout
    assert "\n|--" in done.stdout, done.stdout
