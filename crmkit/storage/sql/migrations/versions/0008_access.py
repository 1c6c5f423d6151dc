"""Who sees what: roles of users, teams with those above them, shared clients.

Revision ID: crmkit_0008
Revises: crmkit_0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = "crmkit_0008"
down_revision = "crmkit_0007"
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
    if not _has_roles():  # the default stays: a program of an older release may still be adding users
        op.add_column("crm_user", sa.Column("roles", TEXT, nullable=False, server_default=""))
    op.create_index(
        "crm_user_team", "crm_user", ["team"], if_not_exists=True, sqlite_where=sa.text("team IS NOT NULL"),
        postgresql_where=sa.text("team IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "crm_share",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("user", code(), nullable=False),
        sa.Column("right", code(32), nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("created_by", code(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="crm_share_pk"),
        sa.ForeignKeyConstraint(["client_id"], ["crm_client.id"], name="crm_share_client_id_fk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("crm_share_client_id", "crm_share", ["client_id"], if_not_exists=True)
    op.create_index("crm_share_user_client_id", "crm_share", ["user", "client_id"], if_not_exists=True)
    op.create_table(
        "crm_team_above",
        sa.Column("above", code(), nullable=False),
        sa.Column("team", code(), nullable=False),
        sa.PrimaryKeyConstraint("above", "team", name="crm_team_above_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    # There are few teams: nobody waits for this.
    op.execute("DELETE FROM crm_team_above")
    op.execute(
        "INSERT INTO crm_team_above (above, team) WITH RECURSIVE tree (above, team) AS ("
        "SELECT id, id FROM crm_team UNION "
        "SELECT higher.parent, tree.team FROM crm_team AS higher JOIN tree ON higher.id = tree.above "
        "WHERE higher.parent IS NOT NULL) SELECT above, team FROM tree"
    )


def downgrade() -> None:
    op.drop_table("crm_team_above", if_exists=True)
    op.drop_table("crm_share", if_exists=True)
    op.drop_index("crm_user_team", "crm_user", if_exists=True)
    if _has_roles():
        op.drop_column("crm_user", "roles")


def _has_roles() -> bool:
    """Where a change of tables cannot be undone, an upgrade that was interrupted is run again."""
    context = op.get_context()
    if context.as_sql or context.connection is None:
        return False
    return "roles" in {column["name"] for column in sa.inspect(context.connection).get_columns("crm_user")}
