"""Consents of one address, with their law and their chain; notices, the suppression list, and the places of caps.

Revision ID: crmkit_0012
Revises: crmkit_0011
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = "crmkit_0012"
down_revision = "crmkit_0011"
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


#: What consents say besides. The defaults stay: a program of an older release may still be adding some.
ADDED: tuple[tuple[str, sa.types.TypeEngine[Any], str | None], ...] = (
    ("endpoint", TEXT, "*"),
    ("concerns", ID, None),
    ("jurisdiction", code(), ""),
    ("controller", code(), None),
    ("claimed_at", INSTANT, None),
    ("salt", code(), ""),
    ("proof", code(), ""),
    ("digest", code(), ""),
)
#: A yes was of a channel as a whole: it is of the address that the client is reached by now, and of no other.
REACHED_BY = {
    "email": ("email",),
    "sms": ("phone",),
    "voice": ("phone",),
    "voice_auto": ("phone",),
    "post": ("postal",),
}


def upgrade() -> None:
    known = _columns()
    for name, kind, default in ADDED:
        if known is None or name not in known:
            op.add_column("crm_consent", sa.Column(name, kind, nullable=default is None, server_default=default))
    for channel, kinds in REACHED_BY.items():
        op.execute(_of_one_address(channel, kinds[0]))
    op.execute("UPDATE crm_consent SET endpoint = '' WHERE kind = 'grant' AND endpoint = '*'")
    op.create_table(
        "crm_notice",
        sa.Column("id", code(), nullable=False),
        sa.Column("name", code(), nullable=False),
        sa.Column("edition", code(), nullable=False),
        sa.Column("language", code(), nullable=False),
        sa.Column("standalone", sa.Boolean(), nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_notice_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "crm_slot",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("orig_subject", ID, nullable=False),
        sa.Column("cap", code(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", ID, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("free_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_slot_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_slot_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("crm_slot_client_id", "crm_slot", ["client_id"], if_not_exists=True)
    op.create_index("crm_slot_once", "crm_slot", ["orig_subject", "cap", "number"], unique=True, if_not_exists=True)
    op.create_table(
        "crm_suppressed",
        sa.Column("id", code(), nullable=False),
        sa.Column("channel", code(), nullable=False),
        sa.Column("purposes", code(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("lifted_at", INSTANT, nullable=True),
        sa.Column("actor", code(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_suppressed_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("crm_suppressed", if_exists=True)
    op.drop_table("crm_slot", if_exists=True)
    op.drop_table("crm_notice", if_exists=True)
    known = _columns()
    for name, _, _ in reversed(ADDED):
        if known is None or name in known:
            op.drop_column("crm_consent", name)
    if op.get_context().dialect.name in MARIADB:  # where columns that were dropped take room in each row until then
        op.execute("ALTER TABLE crm_consent FORCE")


def _of_one_address(channel: str, kind: str) -> str:
    address = (
        "SELECT MIN(point.match_key) FROM crm_contact_point AS point WHERE point.client_id = crm_consent.client_id "
        f"AND point.kind = '{kind}' AND point.{_quoted('primary')}"
    )
    return (
        f"UPDATE crm_consent SET endpoint = COALESCE(({address}), '') "
        f"WHERE kind = 'grant' AND channel = '{channel}' AND endpoint = '*'"
    )


def _quoted(name: str) -> str:
    return op.get_context().dialect.identifier_preparer.quote_identifier(name)


def _columns() -> frozenset[str] | None:
    """Where a change of tables cannot be undone, an upgrade that was interrupted is run again; None: nobody knows."""
    context = op.get_context()
    if context.as_sql or context.connection is None:
        return None
    return frozenset(column["name"] for column in sa.inspect(context.connection).get_columns("crm_consent"))
