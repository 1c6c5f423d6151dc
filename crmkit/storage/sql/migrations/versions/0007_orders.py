"""Lists and boards read in their order: what was sorted whole before.

Revision ID: crmkit_0007
Revises: crmkit_0006
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "crmkit_0007"
down_revision = "crmkit_0006"
branch_labels = None
depends_on = None

Indexes = Iterable[tuple[str, tuple[str, ...]]]

ADDED: Indexes = (
    ("client", ("created_at",)),
    ("client", ("owner", "created_at")),
    ("client", ("lifecycle", "created_at")),
    ("contact", ("created_at",)),
    ("deal", ("opened_at",)),
    ("deal", ("owner", "opened_at")),
    ("deal", ("status", "pipeline", "stage", "stage_since")),
    ("purchase", ("bought_at",)),
    ("touchpoint", ("occurred_at", "id")),  # rows lie by client: an index of theirs goes on by client, not by id
    ("call", ("started_at",)),
    ("note", ("created_at",)),
    ("ticket", ("opened_at",)),
    ("document", ("created_at",)),
)
#: Each is the beginning of an added one.
REPLACED: Indexes = (
    ("client", ("owner",)),
    ("client", ("lifecycle",)),
    ("deal", ("owner",)),
    ("deal", ("status", "pipeline", "stage")),
)


def upgrade() -> None:
    _create(ADDED)
    _drop(REPLACED)


def downgrade() -> None:
    _create(REPLACED)
    _drop(ADDED)


def _create(indexes: Indexes) -> None:
    for table, columns in indexes:
        filled = sa.text("owner IS NOT NULL") if columns[0] == "owner" else None
        op.create_index(
            _name(table, columns), f"crm_{table}", list(columns), if_not_exists=True, sqlite_where=filled,
            postgresql_where=filled,
        )  # fmt: skip


def _drop(indexes: Indexes) -> None:
    for table, columns in indexes:
        op.drop_index(_name(table, columns), f"crm_{table}", if_exists=True)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"crm_{table}_{'_'.join(columns)}"
