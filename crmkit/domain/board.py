"""A pipeline at a glance."""

from __future__ import annotations

import attrs

from crmkit.domain.deal import Deal
from crmkit.domain.marks import Code
from crmkit.domain.pipeline import Stage


@attrs.frozen
class BoardColumn:
    """
    One stage: how many open deals it holds, and those of them that have stood there longest.

    >>> BoardColumn(Stage("new", "New"), 0, ()).count
    0
    """

    stage: Stage
    count: int
    deals: tuple[Deal, ...]


@attrs.frozen
class Board:
    """
    The open deals of one pipeline, a column per stage in the pipeline's order.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     _ = tx.deals.open(tx.clients.add(name="Anna").id, title="Web order")
    ...     [(column.stage.key, column.count) for column in tx.deals.board().columns if column.count]
    [('new', 1)]
    """

    pipeline: Code[str]
    columns: tuple[BoardColumn, ...]
