from __future__ import annotations

import pytest
from several_writers import PlainSeveralWriters, SeveralWriters

from crmkit.ports import Storage
from crmkit.testing import StorageConformance


class TestSeveralWriters(StorageConformance):
    @pytest.fixture
    def storage(self) -> Storage:
        return SeveralWriters()


class TestSeveralWritersWithoutAccelerators(StorageConformance):
    @pytest.fixture
    def storage(self) -> Storage:
        return PlainSeveralWriters()
