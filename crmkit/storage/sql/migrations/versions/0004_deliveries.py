"""Deliveries of events to their subscribers.

Revision ID: crmkit_0004
Revises: crmkit_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = "crmkit_0004"
down_revision = "crmkit_0003"
branch_labels = None
depends_on = None

MARIADB = ("mysql", "mariadb")
EXACT = {"charset": "utf8mb4", "collation": "utf8mb4_nopad_bin"}

ID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql").with_variant(mysql.BINARY(16), *MARIADB)
INSTANT = (
    sa.BigInteger()
    .with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
    .with_variant(mysql.DATETIME(fsp=6), *MARIADB)
)


def code(length: int = 255) -> sa.types.TypeEngine[str]:
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **EXACT), *MARIADB)
    )


def upgrade() -> None:
    op.create_table(
        "crm_delivery",
        sa.Column("id", ID, nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("topic", code(), nullable=False),
        sa.Column("subject", code(), nullable=False),
        sa.Column("subscriber", code(), nullable=False),
        sa.Column("state", code(32), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("claimed_by", code(), nullable=True),
        sa.Column("error", code(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_delivery_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("crm_delivery_state_due_at", "crm_delivery", ["state", "due_at"], unique=False, if_not_exists=True)
    op.create_index(
        "crm_delivery_subscriber_subject_entry",
        "crm_delivery",
        ["subscriber", "subject", "entry"],
        unique=False,
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("crm_delivery", if_exists=True)
