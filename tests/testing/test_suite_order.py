"""The storage suite is met in the order in which a storage is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MEMORY = Path(__file__).parents[1] / "storage" / "test_memory.py"


def test_single_records_come_first_and_races_last() -> None:
    """Who runs the suite with `-x` is told what to write next."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:randomly", f"{MEMORY}::TestMemory"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    names = [line.rpartition("::")[2].partition("[")[0] for line in listed if "::" in line]
    first, last = names.index("test_every_record_comes_back_equal"), names.index("test_two_writers_meet")
    assert first < names.index("test_pages_are_in_order_and_lose_nothing") < last
