"""Rows that left the house, and clients who are known to be two.

Revision ID: crmkit_0009
Revises: crmkit_0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = "crmkit_0009"
down_revision = "crmkit_0008"
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
        "crm_export",
        sa.Column("id", ID, nullable=False),
        sa.Column("actor", code(), nullable=True),
        sa.Column("what", code(), nullable=False),
        sa.Column("reason", code(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("sha256", code(), nullable=True),
        sa.Column("state", code(32), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_export_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "crm_apart",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("created_by", code(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_apart_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_apart_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("crm_apart_client_id", "crm_apart", ["client_id"], if_not_exists=True)
    acted = sa.text("actor IS NOT NULL")
    op.create_index(
        "crm_export_actor_updated_at", "crm_export", ["actor", "updated_at"], if_not_exists=True, sqlite_where=acted,
        postgresql_where=acted,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("crm_apart", if_exists=True)
    op.drop_table("crm_export", if_exists=True)
