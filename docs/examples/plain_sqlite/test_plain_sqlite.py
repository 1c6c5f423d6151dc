"""crmkit's suite over the storage of this folder: `pytest docs/examples/plain_sqlite`."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from plain_sqlite.storage import PlainSQLiteStorage

from crmkit.ports import Storage
from crmkit.testing import StorageConformance


class TestPlainSQLite(StorageConformance):
    """Every test of the suite; there is no gap."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Generator[Storage]:
        storage = PlainSQLiteStorage(tmp_path / "crm.db")
        yield storage
        storage.close()
