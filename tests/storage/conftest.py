"""A connection to PostgreSQL as the storage speaks to it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url

from crmkit.storage.sql.databases.psycopg_link import PsycopgLink


@pytest.fixture
def link(postgresql_url: str) -> Iterator[PsycopgLink]:
    url = make_url(postgresql_url)
    place = make_conninfo(user=url.username or "", dbname=url.database or "", host=str(url.query["host"]))
    with psycopg.connect(place, autocommit=True) as connection:
        yield PsycopgLink(connection)
