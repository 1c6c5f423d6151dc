"""Make two tables, and forget one of them on the way back."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "shop_0001", None, ("shop",), "crmkit_0003"


def upgrade() -> None:
    op.create_table("shop__order", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table("shop__line", sa.Column("id", sa.Integer, primary_key=True))


def downgrade() -> None:
    op.drop_table("shop__order")
