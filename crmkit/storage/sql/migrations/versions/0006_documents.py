"""Documents, and when each job is due.

Revision ID: crmkit_0006
Revises: crmkit_0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = "crmkit_0006"
down_revision = "crmkit_0005"
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
        "crm_document",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=True),
        sa.Column("deal_id", ID, nullable=True),
        sa.Column("touchpoint_id", ID, nullable=True),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("media_type", CODE, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", CODE, nullable=False),
        sa.Column("origin", CODE, nullable=True),
        sa.Column("external_id", CODE, nullable=True),
        sa.Column("source", CODE, nullable=False),
        sa.Column("source_plugin", CODE, nullable=True),
        sa.Column("source_campaign", CODE, nullable=True),
        sa.Column("source_ref", CODE, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_document_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_document_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "crm_job_run",
        sa.Column("id", CODE, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("claimed_by", CODE, nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("error", CODE, nullable=True),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_job_run_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    _index("client_id_created_at", "client_id", "client_id", "created_at")
    _index("deal_id", "deal_id", "deal_id")
    _index("touchpoint_id", "touchpoint_id", "touchpoint_id")
    _index("once", "external_id", "origin", "external_id", unique=True)


def _index(name: str, filled: str, *columns: str, unique: bool = False) -> None:
    only = sa.text(f"{filled} IS NOT NULL")
    op.create_index(
        f"crm_document_{name}", "crm_document", [*columns], unique=unique, if_not_exists=True, sqlite_where=only,
        postgresql_where=only,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("crm_job_run", if_exists=True)
    op.drop_table("crm_document", if_exists=True)
