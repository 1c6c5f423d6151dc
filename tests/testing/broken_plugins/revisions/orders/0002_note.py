"""Add a note, as SQLite has to: by a copy of the table."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "shop_0002", "shop_0001", None, None


def upgrade() -> None:
    with op.batch_alter_table("shop__order") as batch:
        batch.add_column(sa.Column("note", sa.String(100)))
    op.create_index("shop__order_note", "shop__order", ["note"])


def downgrade() -> None:
    op.drop_index("shop__order_note", "shop__order")
    with op.batch_alter_table("shop__order") as batch:
        batch.drop_column("note")
