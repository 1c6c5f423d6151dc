"""Search tokens, purchases by month, and a note that both have still to be filled.

Every step may be run again: where making tables cannot be rolled back, who was interrupted begins anew.

Revision ID: crmkit_0002
Revises: crmkit_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = "crmkit_0002"
down_revision = "crmkit_0001"
branch_labels = None
depends_on = None

MARIADB = ("mysql", "mariadb")
EXACT = {"charset": "utf8mb4", "collation": "utf8mb4_nopad_bin"}
ID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql").with_variant(mysql.BINARY(16), *MARIADB)


def code(length: int = 255) -> sa.types.TypeEngine[str]:
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **EXACT), *MARIADB)
    )


def upgrade() -> None:
    op.create_table(
        "crm_search",
        sa.Column("client_id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("token", code(64), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "record_id", "token", name="crm_search_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("crm_search_token", "crm_search", ["token", "client_id"], if_not_exists=True)
    op.create_table(
        "crm_month",
        sa.Column("client_id", ID, nullable=False),
        sa.Column("month", code(7), nullable=False),
        sa.Column("currency", code(3), nullable=False),
        sa.Column("purchases", sa.BigInteger(), nullable=False),
        sa.Column("bought", sa.BigInteger(), nullable=False),
        sa.Column("refunds", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "month", "currency", name="crm_month_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "crm_filling",
        sa.Column("name", code(32), nullable=False),
        sa.Column("position", code(64), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="crm_filling_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.execute(
        "INSERT INTO crm_filling (name) SELECT 'derived' FROM (SELECT 1 AS one) AS once "
        "WHERE NOT EXISTS (SELECT 1 FROM crm_filling WHERE name = 'derived')"
    )


def downgrade() -> None:
    op.drop_table("crm_filling", if_exists=True)
    op.drop_table("crm_month", if_exists=True)
    op.drop_table("crm_search", if_exists=True)
