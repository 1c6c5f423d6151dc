"""What a scope shows, as SQL: one predicate for each table that hangs on a client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from crmkit.domain.client import Client
from crmkit.domain.datum import Datum
from crmkit.domain.ids import NIL
from crmkit.domain.purchase import Purchase
from crmkit.domain.records import Record
from crmkit.domain.scope import ACTOR
from crmkit.domain.share import Share
from crmkit.domain.sight import OF_NOBODY, Sees, Sight, entity_of
from crmkit.domain.task import Task
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.user import User
from crmkit.domain.where import EVERYTHING
from crmkit.storage.sql.conditions import Clause, Stored, clause, shape
from crmkit.storage.sql.schema import TABLES, above

CLIENT, SHARE, USER = TABLES[Client], TABLES[Share], TABLES[User]
#: Never true. SQLAlchemy would fold its own `false`, and the parameters beside it would be one too many.
NOBODY = sa.literal_column("0", sa.Integer) == sa.literal_column("1", sa.Integer)
KINDS: dict[sa.Table, type[Record]] = {table: kind for kind, table in TABLES.items()}


def visible(table: sa.Table, sees: Sees, stored: Stored) -> Clause:
    """
    The rows of *table* that are seen: true for those that hang on no client.

    Its parameters are `actor`, `team` and `at`; what a condition compares with is part of the statement.
    """
    if table is not CLIENT and "client_id" not in table.c:
        return sa.true()
    kind = KINDS.get(table, Purchase)  # the months are sums of purchases
    sights = sees.of(entity_of(kind))
    numbers = iter(range(1 << 20))
    if table is CLIENT:
        return _any([_reached(sight, stored, numbers) for sight in sights])
    if any(sight.is_everything for sight in sights):
        return sa.true()
    hangs = _any([_reached(sight, stored, numbers) for sight in sights])
    theirs: Clause = sa.exists().where(CLIENT.c.id == table.c.client_id, hangs).correlate(table)
    return _any([*([theirs] if sights else ()), *_nobodys(kind, table, sights, stored)])


def _any(parts: Sequence[Clause]) -> Clause:
    return sa.or_(*parts) if parts else NOBODY


def _reached(sight: Sight, stored: Stored, numbers: Iterator[int]) -> Clause:
    """A client whom one sight shows."""
    ways = [] if sight.level == "none" else [_of_level(sight, CLIENT.c.owner)]
    if sight.pool and sight.level != "all":
        ways.append(CLIENT.c.owner.is_(None))
    if sight.shared is not None and sight.level != "all":
        ways.append(_shared(sight))
    shown = _any(ways)
    return shown if sight.where == EVERYTHING else sa.and_(shown, _meets(sight, stored, numbers))


def _of_level(sight: Sight, owner: sa.ColumnElement[Any]) -> Clause:
    if sight.level == "all":
        return sa.true()
    mine = owner == _said("actor", owner)
    if sight.level == "own":
        return mine
    below = above.c.team == USER.c.team, above.c.above == _said("team", above.c.above)
    return sa.or_(mine, owner.in_(sa.select(USER.c.id).where(*below)))


def _shared(sight: Sight) -> Clause:
    rights = ("write",) if sight.shared == "write" else ("read", "write")
    return (
        sa.exists()
        .where(
            SHARE.c.client_id == CLIENT.c.id,
            SHARE.c.user == _said("actor", SHARE.c.user),
            SHARE.c.right.in_([sa.literal_column(f"'{right}'", SHARE.c.right.type) for right in rights]),
            sa.or_(SHARE.c.until.is_(None), SHARE.c.until > _said("at", SHARE.c.until)),
        )
        .correlate(CLIENT)
    )


def _meets(sight: Sight, stored: Stored, numbers: Iterator[int]) -> Clause:
    """A plugin's condition on the client, its values bound under names of their own, the actor under the actor's."""
    values: list[object] = []
    asked = shape(Client, sight.where, values, lambda value: value if value is ACTOR else stored(value))
    return clause(asked, CLIENT, iter(["actor" if one is ACTOR else (f"seen_{next(numbers)}", one) for one in values]))


def _nobodys(kind: type[Record], table: sa.Table, sights: Sequence[Sight], stored: Stored) -> Iterator[Clause]:
    """Rows without a client: plugins' are everybody's, tasks are whose they are, calls are for who sees the pool."""
    of_nobody: Clause = table.c.client_id.is_(None)
    if kind is Datum and sights:
        yield of_nobody
    elif kind is Task:
        assignee = table.c.assignee
        for sight in sights:
            whose = [] if sight.level == "none" else [_of_level(sight, assignee)]
            whose += [assignee.is_(None)] if sight.pool and sight.level != "all" else []
            if whose:
                yield sa.and_(of_nobody, _any(whose))
    elif kind in OF_NOBODY and any(sight.pool for sight in sights):
        if kind is Touchpoint:  # its client leads the clustered key, where nothing may be NULL
            of_nobody = table.c.client_id == sa.bindparam("nobody", stored(NIL), type_=table.c.client_id.type)
        yield of_nobody


def _said(name: str, column: sa.ColumnElement[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=column.type)
