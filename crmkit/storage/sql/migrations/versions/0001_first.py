"""The first schema.

Every step may be run again: where making tables cannot be rolled back, who was interrupted begins anew.

Revision ID: crmkit_0001
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = "crmkit_0001"
down_revision = None
branch_labels = ("crmkit",)
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
COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def code(length: int = 255) -> sa.types.TypeEngine[str]:
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **EXACT), *MARIADB)
    )


def index(table: str, *fields: str, name: str = "", unique: bool = False, where: str | None = None) -> None:
    """Rows that do not meet *where* stay out of it, where a database can do that."""
    only = None if where is None else sa.text(where)
    named = f"{table}_{name or '_'.join(fields)}"
    op.create_index(
        named, table, list(fields), unique=unique, sqlite_where=only, postgresql_where=only, if_not_exists=True
    )


def upgrade() -> None:  # noqa: PLR0915  # one statement for each table and index
    op.create_table(
        "crm_call",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=True),
        sa.Column("direction", code(32), nullable=False),
        sa.Column("state", code(32), nullable=False),
        sa.Column("number", TEXT, nullable=False),
        sa.Column("match_key", code(320), nullable=True),
        sa.Column("line", code(), nullable=True),
        sa.Column("answered_by", code(), nullable=True),
        sa.Column("disposition", code(32), nullable=True),
        sa.Column("outcome", code(32), nullable=True),
        sa.Column("origin", code(), nullable=False),
        sa.Column("external_id", code(), nullable=True),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("touchpoint_id", ID, nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_call_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_call", "client_id", where="client_id IS NOT NULL")
    index("crm_call", "match_key", where="match_key IS NOT NULL")
    index("crm_call", "origin", "external_id", name="once", unique=True, where="external_id IS NOT NULL")
    op.create_table(
        "crm_client",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", code(32), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("lifecycle", code(32), nullable=False),
        sa.Column("owner", code(), nullable=True),
        sa.Column("source", code(), nullable=False),
        sa.Column("source_plugin", code(), nullable=True),
        sa.Column("source_campaign", code(), nullable=True),
        sa.Column("source_ref", code(), nullable=True),
        sa.Column("market_level", code(32), nullable=False),
        sa.Column("region", code(), nullable=True),
        sa.Column("language", code(), nullable=True),
        sa.Column("time_zone", code(), nullable=True),
        sa.Column("tags", TEXT, nullable=False),
        sa.Column("custom", TEXT, nullable=False),
        sa.Column("external_ids", TEXT, nullable=False),
        sa.Column("archived_from", code(32), nullable=True),
        sa.Column("created_by", code(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("last_touched_at", INSTANT, nullable=True),
        sa.Column("last_bought_at", INSTANT, nullable=True),
        sa.Column("last_fell_through_at", INSTANT, nullable=True),
        sa.Column("last_complained_at", INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_client_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_client", "last_bought_at", where="last_bought_at IS NOT NULL")
    index("crm_client", "last_complained_at", where="last_complained_at IS NOT NULL")
    index("crm_client", "last_fell_through_at", where="last_fell_through_at IS NOT NULL")
    index("crm_client", "lifecycle")
    index("crm_client", "owner", where="owner IS NOT NULL")
    op.create_table(
        "crm_journal",
        sa.Column("seq", COUNTED, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", code(), nullable=True),
        sa.Column("source", code(), nullable=False),
        sa.Column("source_plugin", code(), nullable=True),
        sa.Column("source_campaign", code(), nullable=True),
        sa.Column("source_ref", code(), nullable=True),
        sa.Column("correlation_id", code(), nullable=True),
        sa.Column("events", TEXT, nullable=False),
        sa.Column("subscribers", TEXT, nullable=False),
        sa.Column("state", code(16), nullable=False),
        sa.Column("claimed_by", code(), nullable=True),
        sa.Column("claimed_until", INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="crm_journal_pk"),
        if_not_exists=True,
    )
    index("crm_journal", "state", "seq", name="pending", where="state = 'pending'")
    op.create_table(
        "crm_key",
        sa.Column("key", code(), nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="crm_key_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "crm_pipeline",
        sa.Column("id", code(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("stages", TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_pipeline_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "crm_task",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=True),
        sa.Column("deal_id", ID, nullable=True),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("assignee", code(), nullable=True),
        sa.Column("status", code(32), nullable=False),
        sa.Column("rule", code(), nullable=True),
        sa.Column("created_by", code(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("completed_at", INSTANT, nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_task_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_task", "assignee", "status", "due_at", where="assignee IS NOT NULL")
    index("crm_task", "client_id", "due_at", where="client_id IS NOT NULL")
    index("crm_task", "deal_id", where="deal_id IS NOT NULL")
    index("crm_task", "status", "due_at")
    op.create_table(
        "crm_team",
        sa.Column("id", code(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("parent", code(), nullable=True),
        sa.Column("lead", code(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_team_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "crm_touchpoint",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=True),
        sa.Column("deal_id", ID, nullable=True),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("channel", code(32), nullable=False),
        sa.Column("direction", code(32), nullable=False),
        sa.Column("initiator", code(32), nullable=False),
        sa.Column("outcome", code(), nullable=True),
        sa.Column("summary", TEXT, nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("cost_currency", code(3), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("actor", code(), nullable=True),
        sa.Column("origin", code(), nullable=True),
        sa.Column("external_id", code(), nullable=True),
        sa.Column("reply_to", ID, nullable=True),
        sa.PrimaryKeyConstraint("client_id", "occurred_at", "id", name="crm_touchpoint_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_touchpoint", "deal_id", where="deal_id IS NOT NULL")
    index("crm_touchpoint", "id", unique=True)
    index("crm_touchpoint", "origin", "external_id", name="once", unique=True, where="external_id IS NOT NULL")
    op.create_table(
        "crm_user",
        sa.Column("id", code(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=True),
        sa.Column("team", code(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_user_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "crm_consent",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("orig_subject", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("seen", TEXT, nullable=False),
        sa.Column("kind", code(32), nullable=False),
        sa.Column("purpose", code(), nullable=False),
        sa.Column("channel", code(), nullable=False),
        sa.Column("basis", code(32), nullable=False),
        sa.Column("evidence", TEXT, nullable=False),
        sa.Column("valid_until", INSTANT, nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("actor", code(), nullable=True),
        sa.Column("source", code(), nullable=False),
        sa.Column("source_plugin", code(), nullable=True),
        sa.Column("source_campaign", code(), nullable=True),
        sa.Column("source_ref", code(), nullable=True),
        sa.PrimaryKeyConstraint("client_id", "orig_subject", "seq", name="crm_consent_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_consent_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_consent", "id", unique=True)
    index("crm_consent", "orig_subject", "seq", name="once", unique=True)
    op.create_table(
        "crm_contact",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=True),
        sa.Column("roles", TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_contact_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_contact_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_contact", "client_id")
    op.create_table(
        "crm_contact_point",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=True),
        sa.Column("kind", code(32), nullable=False),
        sa.Column("network", code(), nullable=True),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("match_key", code(320), nullable=True),
        sa.Column("normalizer", code(), nullable=False),
        sa.Column("primary", sa.Boolean(), nullable=False),
        sa.Column("status", code(32), nullable=False),
        sa.Column("verified_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "id", name="crm_contact_point_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_contact_point_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_contact_point", "contact_id", where="contact_id IS NOT NULL")
    index("crm_contact_point", "id", unique=True)
    index("crm_contact_point", "match_key", "kind", where="match_key IS NOT NULL")
    op.create_table(
        "crm_deal",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("pipeline", code(), nullable=False),
        sa.Column("stage", code(), nullable=False),
        sa.Column("status", code(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("amount_currency", code(3), nullable=True),
        sa.Column("owner", code(), nullable=True),
        sa.Column("source", code(), nullable=False),
        sa.Column("source_plugin", code(), nullable=True),
        sa.Column("source_campaign", code(), nullable=True),
        sa.Column("source_ref", code(), nullable=True),
        sa.Column("custom", TEXT, nullable=False),
        sa.Column("lost_reason", code(), nullable=True),
        sa.Column("competitor", TEXT, nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("stage_since", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_deal_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_deal_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_deal", "client_id", "opened_at")
    index("crm_deal", "owner", where="owner IS NOT NULL")
    index("crm_deal", "status", "pipeline", "stage")
    op.create_table(
        "crm_external_id",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("system", code(), nullable=False),
        sa.Column("value", code(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_external_id_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_external_id_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_external_id", "client_id")
    index("crm_external_id", "system", "value", name="once", unique=True)
    op.create_table(
        "crm_note",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("deal_id", ID, nullable=True),
        sa.Column("kind", code(32), nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("author", code(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_note_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_note_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_note", "client_id", "created_at")
    index("crm_note", "deal_id", where="deal_id IS NOT NULL")
    op.create_table(
        "crm_refund",
        sa.Column("id", ID, nullable=False),
        sa.Column("purchase_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("amount_currency", code(3), nullable=False),
        sa.Column("reason", code(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_refund_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_refund_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_refund", "client_id")
    index("crm_refund", "purchase_id")
    op.create_table(
        "crm_ticket",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("purchase_id", ID, nullable=True),
        sa.Column("kind", code(32), nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("priority", code(32), nullable=False),
        sa.Column("status", code(32), nullable=False),
        sa.Column("assignee", code(), nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("responded_at", INSTANT, nullable=True),
        sa.Column("resolved_at", INSTANT, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_ticket_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_ticket_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_ticket", "assignee", where="assignee IS NOT NULL")
    index("crm_ticket", "client_id", "opened_at")
    index("crm_ticket", "status", "opened_at")
    op.create_table(
        "crm_deal_step",
        sa.Column("id", ID, nullable=False),
        sa.Column("deal_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", code(32), nullable=False),
        sa.Column("pipeline", code(), nullable=False),
        sa.Column("from_stage", code(), nullable=True),
        sa.Column("to_stage", code(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("reason", code(), nullable=True),
        sa.Column("actor", code(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="crm_deal_step_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_deal_step_client_id_fk"),
        sa.ForeignKeyConstraint(["deal_id"], ["crm_deal.id"], name="crm_deal_step_deal_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_deal_step", "client_id")
    index("crm_deal_step", "deal_id", "number", name="once", unique=True)
    op.create_table(
        "crm_purchase",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("deal_id", ID, nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("amount_currency", code(3), nullable=True),
        sa.Column("refunded", sa.BigInteger(), nullable=True),
        sa.Column("refunded_currency", code(3), nullable=True),
        sa.Column("items", TEXT, nullable=False),
        sa.Column("channel", code(), nullable=False),
        sa.Column("source", code(), nullable=False),
        sa.Column("source_plugin", code(), nullable=True),
        sa.Column("source_campaign", code(), nullable=True),
        sa.Column("source_ref", code(), nullable=True),
        sa.Column("origin", code(), nullable=True),
        sa.Column("external_id", code(), nullable=True),
        sa.Column("bought_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_purchase_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_purchase_client_id_fk"),
        sa.ForeignKeyConstraint(["deal_id"], ["crm_deal.id"], name="crm_purchase_deal_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    index("crm_purchase", "client_id", "bought_at")
    index("crm_purchase", "deal_id", where="deal_id IS NOT NULL")
    index("crm_purchase", "origin", "external_id", name="once", unique=True, where="external_id IS NOT NULL")


def downgrade() -> None:
    op.drop_table("crm_purchase", if_exists=True)
    op.drop_table("crm_deal_step", if_exists=True)
    op.drop_table("crm_ticket", if_exists=True)
    op.drop_table("crm_refund", if_exists=True)
    op.drop_table("crm_note", if_exists=True)
    op.drop_table("crm_external_id", if_exists=True)
    op.drop_table("crm_deal", if_exists=True)
    op.drop_table("crm_contact_point", if_exists=True)
    op.drop_table("crm_contact", if_exists=True)
    op.drop_table("crm_consent", if_exists=True)
    op.drop_table("crm_user", if_exists=True)
    op.drop_table("crm_touchpoint", if_exists=True)
    op.drop_table("crm_team", if_exists=True)
    op.drop_table("crm_task", if_exists=True)
    op.drop_table("crm_pipeline", if_exists=True)
    op.drop_table("crm_key", if_exists=True)
    op.drop_table("crm_journal", if_exists=True)
    op.drop_table("crm_client", if_exists=True)
    op.drop_table("crm_call", if_exists=True)
