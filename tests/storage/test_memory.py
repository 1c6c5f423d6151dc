from __future__ import annotations

import pytest

from crmkit.ports import Storage
from crmkit.storage.memory import MemoryStorage
from crmkit.testing import StorageConformance


class TestMemory(StorageConformance):
    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()
