"""The proof question: who came to something since when."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.client import Client
from crmkit.domain.ids import ClientId
from crmkit.domain.marks import Code, Masked, Personal

OutcomeKind = Literal["bought", "fell_through", "complained"]
OUTCOMES: tuple[OutcomeKind, ...] = ("bought", "fell_through", "complained")


@attrs.frozen
class Outcome(Masked):
    """
    What happened to one client since an instant, and when each last did; `tx.clients.get_many` gives the clients.

    >>> from datetime import UTC, datetime
    >>> from crmkit import CRM, Money
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     _ = tx.purchases.record(tx.clients.add(name="Anna").id, amount=Money(10, "EUR"))
    ...     [sorted(one.reasons) for one in tx.outcomes.since(datetime(2026, 1, 1, tzinfo=UTC))]
    [['bought']]
    """

    client_id: ClientId
    name: Personal[str]
    owner: Code[str | None]
    bought_at: datetime | None
    fell_through_at: datetime | None
    complained_at: datetime | None

    @property
    def reasons(self) -> frozenset[OutcomeKind]:
        """Why this client is in the answer."""
        return frozenset(kind for kind in OUTCOMES if getattr(self, f"{kind}_at") is not None)


def outcome_of(client: Client, since: datetime, kinds: Set[OutcomeKind]) -> Outcome:
    """Keep those of a client's instants that were asked for and are not before *since*."""

    def recent(kind: OutcomeKind) -> datetime | None:
        at: datetime | None = getattr(client, f"last_{kind}_at")
        return at if kind in kinds and at is not None and at >= since else None

    return Outcome(client.id, client.name, client.owner, recent("bought"), recent("fell_through"), recent("complained"))
