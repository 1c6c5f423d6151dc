from __future__ import annotations

from collections.abc import Generator

import pytest

from crmkit.ports import Storage
from crmkit.storage.sql import SQLStorage
from crmkit.testing.suite.scopes import Scoped


@pytest.mark.heavy
class TestWalled(Scoped):
    """
    A wall takes nothing from what a scope shows.

    Of the whole suite one test asks for more than a wall allows: that a transaction changes what it is not shown.
    """

    @pytest.fixture
    def storage(self, walled_url: str) -> Generator[Storage]:
        storage = SQLStorage(walled_url)
        yield storage
        storage.close()
