"""An access policy, asked who may do what: once for each transaction, in it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from crmkit.domain.access import EVERYTHING_GRANTED, Answers, Grants, Policy
from crmkit.domain.actor import is_system
from crmkit.domain.user import User
from crmkit.errors import UnknownActor
from crmkit.ports import StorageTransaction


class Access(Protocol):
    """Says what an actor may do."""

    def grants(self, actor: str, store: StorageTransaction, at: datetime) -> Grants:
        """What *actor* may do in a transaction that began *at* an instant; *store* still shows everything."""
        ...


class ByRoles:
    """A policy, applied to the users as they are stored."""

    def __init__(self, policy: Policy, answers: Answers | None = None) -> None:
        self._rights = policy.rights(answers)

    def grants(self, actor: str, store: StorageTransaction, at: datetime) -> Grants:
        """Everything for a program; for a user what their roles give; `UnknownActor` if there is no such active user."""
        if is_system(actor):
            return EVERYTHING_GRANTED
        for user in store.get_many(User, [actor]):
            if user.active:
                return self._rights.granted(user.roles, actor, user.team, at)
        raise UnknownActor(actor)
