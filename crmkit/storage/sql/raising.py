"""Raises and lowers the wall, in one transaction: nobody ever meets half of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import sqlalchemy as sa

from crmkit.errors import Fault, Invalid
from crmkit.storage.sql.revisions import changing, in_turn
from crmkit.storage.sql.storage import SQLStorage
from crmkit.storage.sql.wall.policies import lowering, raised
from crmkit.storage.sql.wall.standing import is_up


def raise_wall(storage: SQLStorage) -> None:
    """Raise it, or raise it anew; who is connected already must open the store again, or is shown nothing."""
    wall_is_up(storage)
    _change(storage, raised())


def lower_wall(storage: SQLStorage) -> None:
    """Take it away; nothing happens if there is none."""
    _change(storage, lowering() if wall_is_up(storage) else ())


def wall_is_up(storage: SQLStorage) -> bool:
    """Whether it is up; `Invalid` on a database that has no such thing."""
    if not storage.connections.database.has_walls:
        raise Invalid(Fault("url", "no_walls", "Only PostgreSQL has row-level security. Give the URL of such a store."))
    return is_up(storage.connections)


def _change(storage: SQLStorage, statements: Iterable[str]) -> None:
    said = list(statements)

    def work(connection: sa.Connection, _: str) -> None:
        for statement in said:
            connection.exec_driver_sql(statement)

    in_turn(partial(changing, storage.connections, work))
    storage.connections.walled = wall_is_up(storage)
