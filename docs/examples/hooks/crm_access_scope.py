"""Sellers see the clients of the countries that the operator names, and no others."""

from crmkit import Where
from crmkit.access import Entity, Level, Operation
from crmkit.fields import F
from crmkit.plugins import Plugin, hookimpl


class Countries(Plugin[None]):
    """Narrows what the host's policy lets sellers see."""

    served = ("DE", "AT")

    @hookimpl
    def crm_access_scope(self, role: str, action: Operation, entity: Entity) -> Level | Where | None:
        """Ask about the client, whatever hangs on it."""
        return F.client.region.in_(self.served) if role == "seller" else None
