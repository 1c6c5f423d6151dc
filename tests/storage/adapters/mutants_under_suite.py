"""
The suite on every broken storage, and on the sound ones they were made of. `test_mutants.py` runs it in one process.

Each class runs only the tests that its mutant names; a sound storage runs all of those.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import broken_meeting as broken_meeting
import broken_outbox as broken_outbox
import broken_reading as broken_reading
import broken_scopes as broken_scopes
import broken_values as broken_values
import broken_writing as broken_writing
import pytest
from mutants import MUTANTS, Mutant
from several_writers import SeveralWriters

from crmkit.storage.memory import MemoryStorage, storage
from crmkit.testing import StorageConformance
from crmkit.testing.suite import threads

ALL = [name for name in dir(StorageConformance) if name.startswith("test_")]
NOTICING = {name for mutant in MUTANTS.values() for name in mutant.noticed_by}
SOUND = {
    "sound_memory": Mutant("", tuple(NOTICING), lambda _: MemoryStorage()),
    "sound_several_writers": Mutant("", tuple(NOTICING), lambda _: SeveralWriters()),
}
storage.PATIENCE = 1.0
threads.PATIENCE = 5.0


def _suite(mutant: Mutant, only: Iterable[str]) -> type[StorageConformance]:
    @pytest.fixture
    def opened(_: object, tmp_path: Path) -> Generator[Any]:
        made = mutant.opened(tmp_path)
        yield made
        made.close()

    others: dict[str, Any] = dict.fromkeys(set(ALL) - set(only))
    return type("Suite", (StorageConformance,), {**others, "storage": opened})


for _name, _mutant in {**MUTANTS, **SOUND}.items():
    globals()[f"Test_{_name}"] = _suite(_mutant, _mutant.noticed_by)
