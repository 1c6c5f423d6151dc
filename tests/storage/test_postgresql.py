from __future__ import annotations

from collections.abc import Generator

import pytest

from crmkit.ports import Storage
from crmkit.storage.sql import SQLStorage
from crmkit.testing import StorageConformance


class TestPostgreSQL(StorageConformance):
    @pytest.fixture
    def storage(self, postgresql_url: str) -> Generator[Storage]:
        storage = SQLStorage(postgresql_url)
        yield storage
        storage.close()
