"""Lists and boards read in their order: a note that their indexes have still to be built.

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
    ("touchpoint", ("occurred_at", "id")),
    ("call", ("started_at",)),
    ("note", ("created_at",)),
    ("ticket", ("opened_at",)),
    ("document", ("created_at",)),
)
REPLACED: Indexes = (
    ("client", ("owner",)),
    ("client", ("lifecycle",)),
    ("deal", ("owner",)),
    ("deal", ("status", "pipeline", "stage")),
)


def upgrade() -> None:
    op.execute(
        "INSERT INTO crm_filling (name) SELECT 'indexes' FROM (SELECT 1 AS one) AS once "
        "WHERE NOT EXISTS (SELECT 1 FROM crm_filling WHERE name = 'indexes')"
    )


def downgrade() -> None:
    """Nobody is spared here: who goes back stops the others first."""
    for table, columns in REPLACED:
        filled = sa.text("owner IS NOT NULL") if columns[0] == "owner" else None
        op.create_index(
            _name(table, columns), f"crm_{table}", list(columns), if_not_exists=True, sqlite_where=filled,
            postgresql_where=filled,
        )  # fmt: skip
    for table, columns in ADDED:
        op.drop_index(_name(table, columns), f"crm_{table}", if_exists=True)
    op.execute("DELETE FROM crm_filling WHERE name = 'indexes'")


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"crm_{table}_{'_'.join(columns)}"
