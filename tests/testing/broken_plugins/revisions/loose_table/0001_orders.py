"""Make a table of no plugin's name, behind SQLAlchemy's back."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "shop_0001", None, ("shop",), "crmkit_0003"


def upgrade() -> None:
    op.create_table("shop__order", sa.Column("id", sa.Integer, primary_key=True))
    op.get_bind().connection.cursor().execute("CREATE TABLE loose (id INTEGER PRIMARY KEY)")


def downgrade() -> None:
    op.get_bind().connection.cursor().execute("DROP TABLE loose")
    op.drop_table("shop__order")
