"""Make the table of answers."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "answers_0001", None, ("answers",), "crmkit_0003"


def upgrade() -> None:
    """The name begins with the plugin's and two underscores."""
    op.create_table(
        "answers__answer",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.String(100)),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("answers__answer")
