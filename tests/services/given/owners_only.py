"""A way in for tests that need no users: everybody sees and changes their own clients, the boss everybody's."""

from __future__ import annotations

from datetime import datetime

from crmkit.domain.access import EVERYTHING_GRANTED, Grants
from crmkit.domain.scope import Scope
from crmkit.ports import StorageTransaction


class OwnersOnly:
    """No roles and no users."""

    def grants(self, actor: str, store: StorageTransaction, at: datetime) -> Grants:  # nothing is asked
        own = Scope.own(actor)
        return EVERYTHING_GRANTED if actor == "boss" else Grants(own, own, own, own, own, own, admin=False)
