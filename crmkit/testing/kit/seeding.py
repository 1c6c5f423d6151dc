"""Records to test with, made by the verbs that a host would call."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from crmkit.crm.doors import CRM
from crmkit.domain.client import Client
from crmkit.domain.deal import Deal
from crmkit.domain.ids import ClientId
from crmkit.domain.touchpoint import Touchpoint


class Seed:
    """
    Records of the CRM that was made last, each in a transaction of its own; what is not said is made up.

    >>> crm = CRM.open("memory://", region="RU")
    >>> Seed(lambda: crm).deal(stage="offer").stage
    'offer'
    """

    def __init__(self, crm: Callable[[], CRM]) -> None:
        self._crm = crm
        self._count = count(1)

    def client(self, **fields: Any) -> Client:
        """A client with a name and a phone; the fields are those of `tx.clients.add`."""
        number = next(self._count)
        made_up: dict[str, Any] = {"name": f"Client {number}", "phone": f"+7912{number:07}"}
        with self._crm().begin() as tx:
            return tx.clients.add(**(made_up | fields))

    def deal(self, *, client_id: ClientId | None = None, stage: str | None = None, **fields: Any) -> Deal:
        """A deal, of a new client unless one is named, in *stage*; the other fields are those of `tx.deals.open`."""
        owner = self.client().id if client_id is None else client_id
        made_up: dict[str, Any] = {"title": "Order"}
        with self._crm().begin() as tx:
            deal = tx.deals.open(owner, **(made_up | fields))
            return deal if stage in (None, deal.stage) else tx.deals.move(deal.id, to=str(stage))

    def touchpoint(self, *, client_id: ClientId | None = None, **fields: Any) -> Touchpoint:
        """A touchpoint, of a new client unless one is named; the fields are those of `tx.touchpoints.record`."""
        owner = self.client().id if client_id is None else client_id
        made_up: dict[str, Any] = {"channel": "email", "direction": "inbound"}
        with self._crm().begin() as tx:
            return tx.touchpoints.record(owner, **(made_up | fields))
