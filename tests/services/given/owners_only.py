"""A way in for tests that need no users: everybody sees and changes their own clients, the boss everybody's."""

from __future__ import annotations

from datetime import datetime

from crmkit.domain.access import EVERYTHING_GRANTED, OPERATIONS, Grants
from crmkit.domain.sight import OWN
from crmkit.ports import StorageTransaction


class OwnersOnly:
    """No roles and no users."""

    def grants(self, actor: str, store: StorageTransaction, at: datetime) -> Grants:  # nothing is asked
        return EVERYTHING_GRANTED if actor == "boss" else Grants(dict.fromkeys(OPERATIONS, OWN), actor)
