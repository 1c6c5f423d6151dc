"""Plugins' own records.

Revision ID: crmkit_0005
Revises: crmkit_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = "crmkit_0005"
down_revision = "crmkit_0004"
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


def code(length: int) -> sa.types.TypeEngine[str]:
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **EXACT), *MARIADB)
    )


def upgrade() -> None:
    op.create_table(
        "crm_datum",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=True),
        sa.Column("collection", code(255), nullable=False),
        sa.Column("key", code(100), nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.Column("index_1", code(101), nullable=False),
        sa.Column("index_2", code(101), nullable=False),
        sa.Column("index_3", code(101), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_datum_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_datum_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    filled = sa.text("client_id IS NOT NULL")
    op.create_index(
        "crm_datum_client_id", "crm_datum", ["client_id"], sqlite_where=filled, postgresql_where=filled,
        if_not_exists=True,
    )  # fmt: skip
    for field in ("index_1", "index_2", "index_3"):
        op.create_index(f"crm_datum_collection_{field}", "crm_datum", ["collection", field], if_not_exists=True)
    op.create_index("crm_datum_once", "crm_datum", ["collection", "key"], unique=True, if_not_exists=True)


def downgrade() -> None:
    op.drop_table("crm_datum", if_exists=True)
