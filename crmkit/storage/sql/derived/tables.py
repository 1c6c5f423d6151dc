"""The derived tables. A token belongs to the one record it was made from, so no two writers share a row of them."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit.domain.search import LONGEST
from crmkit.storage.sql.schema import PREFIX, metadata
from crmkit.storage.sql.types import Id, code

#: Clustered by client, the newest last, as records are added; asked by the beginning of a token.
search = sa.Table(
    f"{PREFIX}search",
    metadata,
    sa.Column("client_id", Id, nullable=False),
    sa.Column("record_id", Id, nullable=False),
    sa.Column("token", code(LONGEST), nullable=False),
    sa.PrimaryKeyConstraint("client_id", "record_id", "token"),
    sqlite_with_rowid=False,
)
sa.Index(f"{search.name}_token", search.c.token, search.c.client_id)

#: One row for a client, a month and a currency, which is empty for purchases without an amount; sums in ten-thousandths.
month = sa.Table(
    f"{PREFIX}month",
    metadata,
    sa.Column("client_id", Id, nullable=False),
    sa.Column("month", code(7), nullable=False),
    sa.Column("currency", code(3), nullable=False),
    sa.Column("purchases", sa.BigInteger, nullable=False),
    sa.Column("bought", sa.BigInteger, nullable=False),
    sa.Column("refunds", sa.BigInteger, nullable=False),
    sa.Column("refunded", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("client_id", "month", "currency"),
    sqlite_with_rowid=False,
)

#: What an upgrade made and has still to fill: up to which client it came, and from which journal entry on others wrote.
filling = sa.Table(
    f"{PREFIX}filling",
    metadata,
    sa.Column("name", code(32), primary_key=True),
    sa.Column("position", code(64)),
    sa.Column("since", sa.BigInteger),
    sqlite_with_rowid=False,
)
