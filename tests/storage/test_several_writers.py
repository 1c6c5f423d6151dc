from __future__ import annotations

from typing import ClassVar

import pytest
from several_writers import PlainSeveralWriters, SeveralWriters

from crmkit.ports import Storage
from crmkit.testing import StorageConformance

#: What they have from the storage they are made of.
GAPS = {
    "test_a_transaction_may_write_in_any_order": "a delete asks what was stored, not what this transaction changed",
    "test_two_merges_into_each_other_end_in_one": "a delete asks what was stored, not what this transaction changed",
    "test_a_transaction_that_only_reads_writes_nothing": "its journal and keys are kept",
}


class TestSeveralWriters(StorageConformance):
    known_gaps: ClassVar = GAPS

    @pytest.fixture
    def storage(self) -> Storage:
        return SeveralWriters()


class TestSeveralWritersWithoutAccelerators(StorageConformance):
    known_gaps: ClassVar = GAPS

    @pytest.fixture
    def storage(self) -> Storage:
        return PlainSeveralWriters()
