"""A shop with two teams under one roof, and somebody in every role."""

from __future__ import annotations

import attrs

from crmkit import CRM
from crmkit.access import Policy, Role, System
from crmkit.events import Event
from crmkit.ids import ClientId

POLICY = Policy(
    Role("seller", read="own", write="own"),
    Role("picker", read="own", write="own", pool=True),
    Role("head", read="team", write="team", reassign="team"),
    Role(
        "caller", read="all", write="all", on={"client": {"write": "none"}, "deal": {"read": "none", "write": "none"}}
    ),
    Role("auditor", read="all"),
    Role("director", read="all", write="all", reassign="all", admin=True),
)


@attrs.define
class Shop:
    """The CRM, and the ids of one client for each owner; None: of nobody."""

    crm: CRM
    clients: dict[str | None, ClientId]
    told: list[Event]

    def as_(self, actor: str) -> CRM:
        """The doors of one who acts."""
        return self.crm.bind(actor=actor)

    def sees(self, actor: str) -> set[str | None]:
        """Whose clients somebody sees."""
        with self.as_(actor).read() as tx:
            return {client.owner for client in tx.clients.stream()}

    @property
    def house(self) -> CRM:
        """The doors of a program."""
        return self.crm.bind(actor=System("house"))
