"""What personal fields held, which the journal only names; and how many clients somebody read in an hour.

Revision ID: crmkit_0011
Revises: crmkit_0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = "crmkit_0011"
down_revision = "crmkit_0010"
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


def code(length: int = 255) -> sa.types.TypeEngine[str]:
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **EXACT), *MARIADB)
    )


def upgrade() -> None:
    op.create_table(
        "crm_personal_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=True),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("record", code(), nullable=False),
        sa.Column("record_id", code(), nullable=False),
        sa.Column("field", code(), nullable=False),
        sa.Column("before", TEXT, nullable=True),
        sa.Column("after", TEXT, nullable=True),
        sa.Column("salt", code(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_personal_change_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_personal_change_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    filled = sa.text("client_id IS NOT NULL")
    op.create_index(
        "crm_personal_change_client_id", "crm_personal_change", ["client_id"], if_not_exists=True, sqlite_where=filled,
        postgresql_where=filled,
    )  # fmt: skip
    op.create_index("crm_personal_change_event_id", "crm_personal_change", ["event_id"], if_not_exists=True)
    op.create_table(
        "crm_access_count",
        sa.Column("id", code(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("clients", TEXT, nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_access_count_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("crm_access_count", if_exists=True)
    op.drop_table("crm_personal_change", if_exists=True)
