"""Merged clients.

Revision ID: crmkit_0003
Revises: crmkit_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = "crmkit_0003"
down_revision = "crmkit_0002"
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
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql").with_variant(mysql.LONGTEXT(**EXACT), *MARIADB)
CODE = (
    sa.String(255)
    .with_variant(sa.String(255, collation="C"), "postgresql")
    .with_variant(mysql.VARCHAR(255, **EXACT), *MARIADB)
)


def upgrade() -> None:
    op.create_table(
        "crm_merge",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("merged_id", ID, nullable=False),
        sa.Column("merged", TEXT, nullable=False),
        sa.Column("before", TEXT, nullable=False),
        sa.Column("after", TEXT, nullable=False),
        sa.Column("moved", TEXT, nullable=False),
        sa.Column("stepped_down", TEXT, nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("reason", CODE, nullable=True),
        sa.Column("actor", CODE, nullable=True),
        sa.Column("merged_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_merge_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_merge_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("crm_merge_client_id", "crm_merge", ["client_id"], unique=False, if_not_exists=True)
    op.create_index("crm_merge_once", "crm_merge", ["merged_id"], unique=True, if_not_exists=True)


def downgrade() -> None:
    op.drop_table("crm_merge", if_exists=True)
