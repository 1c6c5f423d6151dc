"""What the page of figures is made with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "dispatch.py"


def test_the_benchmark_of_dispatch_measures_every_kind_and_count() -> None:
    """A program that nobody runs rots; its figures are nobody's to assert."""
    command = [sys.executable, str(PROGRAM), "--rounds", "1", "--number", "1"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [tuple(line.strip("|").replace(" ", "").split("|")[:2]) for line in ran.stdout.splitlines()[2:]]
    kinds = ("guard", "filter", "first", "collect", "tell")
    assert [(kind, str(count)) for kind in kinds for count in (0, 1, 5, 20)] == rows
