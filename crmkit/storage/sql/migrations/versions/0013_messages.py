"""Messages on their way to clients, and each attempt to send one.

Revision ID: crmkit_0013
Revises: crmkit_0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = "crmkit_0013"
down_revision = "crmkit_0012"
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
        "crm_message",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("channel", code(), nullable=False),
        sa.Column("purpose", code(), nullable=False),
        sa.Column("contact_point_id", ID, nullable=True),
        sa.Column("to", TEXT, nullable=True),
        sa.Column("endpoint", TEXT, nullable=True),
        sa.Column("subject", TEXT, nullable=True),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("state", code(32), nullable=False),
        sa.Column("reason", code(), nullable=True),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("evidence", TEXT, nullable=False),
        sa.Column("policy", code(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("reference", code(), nullable=True),
        sa.Column("touchpoint_id", ID, nullable=True),
        sa.Column("ref", code(), nullable=True),
        sa.Column("created_by", code(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_message_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_message_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("crm_message_client_id_created_at", "crm_message", ["client_id", "created_at"], if_not_exists=True)
    op.create_index("crm_message_created_at", "crm_message", ["created_at"], if_not_exists=True)
    op.create_index("crm_message_state_until", "crm_message", ["state", "until"], if_not_exists=True)
    op.create_table(
        "crm_attempt",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("orig_subject", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("channel", code(), nullable=False),
        sa.Column("purpose", code(), nullable=False),
        sa.Column("reason", code(), nullable=False),
        sa.Column("evidence", TEXT, nullable=False),
        sa.Column("policy", code(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("outcome", code(32), nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "orig_subject", "seq", name="crm_attempt_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_attempt_client_id_fk"),
        sa.ForeignKeyConstraint(["message_id"], ["crm_message.id"], name="crm_attempt_message_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("crm_attempt_id", "crm_attempt", ["id"], unique=True, if_not_exists=True)
    op.create_index("crm_attempt_message_id", "crm_attempt", ["message_id"], if_not_exists=True)
    op.create_index("crm_attempt_once", "crm_attempt", ["orig_subject", "seq"], unique=True, if_not_exists=True)


def downgrade() -> None:
    op.drop_table("crm_attempt", if_exists=True)
    op.drop_table("crm_message", if_exists=True)
