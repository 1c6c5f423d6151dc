"""What becomes of a wall that is up while the schema changes."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import sqlalchemy as sa

from crmkit.storage.sql.wall.policies import lowering, raised
from crmkit.storage.sql.wall.standing import MARK


@contextmanager
def rebuilt(connection: sa.Connection) -> Generator[None]:
    """Take a wall that is up away while the schema changes, which nobody sees: policies hold on to columns."""
    stands = connection.dialect.name == "postgresql" and connection.exec_driver_sql(MARK).scalar() is not None
    for statement in lowering() if stands else ():
        connection.exec_driver_sql(statement)
    yield
    for statement in raised() if stands else ():
        connection.exec_driver_sql(statement)
