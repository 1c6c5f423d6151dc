from __future__ import annotations

import os
import subprocess
import sys
from typing import ClassVar

import pytest

from crmkit.ports import Storage
from crmkit.storage.memory import MemoryStorage
from crmkit.testing import StorageConformance


class TestMemory(StorageConformance):
    known_gaps: ClassVar = {
        "test_a_transaction_may_write_in_any_order": "a delete asks what was stored, not what this transaction changed",
        "test_two_merges_into_each_other_end_in_one": "a delete asks what was stored, not what this transaction changed",
        "test_a_transaction_that_only_reads_writes_nothing": "its journal and keys are kept",
    }

    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_is_not_held_up_by_its_parent() -> None:
    """What another thread of the parent had open, nobody in the child will ever end."""
    source = """
import os, sys
from crmkit.domain.scope import EVERYONE
from crmkit.storage.memory import MemoryStorage, storage as module
from crmkit.testing.builders import a_client
from crmkit.testing.suite.opened import commit
module.PATIENCE = 0.1
storage = MemoryStorage()
writer = storage.begin(write=True, scope=EVERYONE)
writer.insert(a_client())
child = os.fork()
if not child:
    commit(storage, a_client())
    writer.rollback()
    commit(storage, a_client())
    sys.exit(42)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 42, status
writer.commit()
commit(storage, a_client())
"""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", source]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)
