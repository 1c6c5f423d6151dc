"""Whoever is given something to look after must be there."""

from __future__ import annotations

from crmkit.domain.user import User
from crmkit.services.checks import Checks
from crmkit.services.unit import Unit


def check_active(unit: Unit, check: Checks, path: str, key: str) -> None:
    """Note a fault unless there is an active user of this key."""
    if not any(user.active for user in unit.store.get_many(User, [key])):
        check.fault(path, "not_found", "There is no active user of this key. Put them first.")
