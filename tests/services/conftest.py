"""The world that verbs are tried in: made once for a file, and left by each test as it was."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from right_calls import CARD, JUDGED, MARGIN, World, one_of_each

from crmkit import CRM, MemoryBlobs
from crmkit.testing import FrozenClock

STORAGES = {"memory", "sqlite"} & set(os.environ.get("CRMKIT_STORAGES", "memory,sqlite").split(",")) or {"memory"}


@pytest.fixture(params=sorted(STORAGES), scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """It is a day old."""
    folder, clock = tmp_path_factory.mktemp("world"), FrozenClock()
    url = "memory://" if request.param == "memory" else f"sqlite:///{folder}/crm.db"
    blobs = MemoryBlobs()  # thousands of contents are tried and thrown away
    with CRM.open(url, region="RU", clock=clock, fields=[CARD, MARGIN], blobs=blobs, consent=JUDGED) as crm:
        with crm.begin() as tx:
            ids = dict(one_of_each(tx))
        clock.go_on(days=1)
        yield World(crm, ids, clock.now())
