"""tx.users, tx.teams: the host's people, mirrored under its own keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypedDict, Unpack

import attrs

from crmkit.domain.actor import is_system
from crmkit.domain.events import TeamPut, UserPut
from crmkit.domain.query import Page
from crmkit.domain.user import Team, User
from crmkit.domain.where import Where
from crmkit.services.checks import Checks, options
from crmkit.services.command import command
from crmkit.services.room import Room

UserOrder = Literal["id", "-id", "name", "-name"]
TeamOrder = UserOrder
DEEPEST = 50


class UserFilters(TypedDict, total=False):
    """Typed filters of users."""

    team: str | None
    active: bool


class TeamFilters(TypedDict, total=False):
    """Typed filters of teams."""

    parent: str | None


class Users(Room[User, str]):
    """
    Who may own clients, get tasks, and act. The id is the host's own key for a person.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     _ = tx.teams.put("sales", name="Sales")
    ...     tx.users.put("17", name="Anna", team="sales").id
    '17'
    """

    __slots__ = ()
    _kind = User
    _filters = frozenset(UserFilters.__annotations__)
    _orders = options(UserOrder)

    @command
    def put(
        self, id: str, *, name: str, email: str | None = None, team: str | None = None, active: bool = True,
        roles: Iterable[str] = (),
    ) -> User:  # fmt: skip
        """
        Add a user or make them as said; if nothing differs, nothing is written. An unknown *team* is `Invalid`.

        *roles* are names in your access policy; who has none of them sees what was shared with them.
        """
        unit, check = self._unit, Checks()
        _check_users_key(check, id)
        name = check.text("name", name)
        email = check.maybe(check.text, "email", email)
        check.maybe(check.key, "team", team)
        check.flag("active", active)
        granted = check.keys("roles", roles)
        check.done()
        if team is not None and not unit.store.get_many(Team, [team]):
            check.fault("team", "not_found", "There is no such team. Put it first.")
            check.done()
        for before in unit.store.get_many(User, [id]):
            after = attrs.evolve(before, name=name, email=email, team=team, active=active, roles=granted)
            return unit.changed(before, after, None, UserPut)
        user = unit.insert(User(id, name, email, team, active, unit.now, unit.now, roles=granted))
        unit.happened(UserPut(*unit.envelope(), id, ()))
        return user

    def list(
        self, *, where: Where | None = None, order_by: UserOrder = "id", limit: int = 50, after: str | None = None,
        **filters: Unpack[UserFilters],
    ) -> Page[User]:  # fmt: skip
        """One page of users."""
        return self._page(where, filters, order_by, limit, after)

    def count(self, *, where: Where | None = None, **filters: Unpack[UserFilters]) -> int:
        """How many such users there are."""
        return self._count(where, filters)

    def stream(
        self, *, where: Where | None = None, order_by: UserOrder = "id", **filters: Unpack[UserFilters]
    ) -> Iterator[User]:
        """Every such user, a chunk at a time, inside the block."""
        return self._stream(where, filters, order_by)

    def _is_id(self, id: object) -> None:
        _check_key(id)


class Teams(Room[Team, str]):
    """
    Teams, in a tree.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     _ = tx.teams.put("shop", name="The shop"), tx.teams.put("sales", name="Sales", parent="shop")
    ...     [team.id for team in tx.teams.list(parent="shop")]
    ['sales']
    """

    __slots__ = ()
    _kind = Team
    _filters = frozenset(TeamFilters.__annotations__)
    _orders = options(TeamOrder)

    @command
    def put(self, id: str, *, name: str, parent: str | None = None, lead: str | None = None) -> Team:
        """Add a team or make it as said; the parent must be there, and never below this team."""
        unit, check = self._unit, Checks()
        check.key("id", id)
        name = check.text("name", name)
        check.maybe(check.key, "parent", parent)
        check.maybe(check.key, "lead", lead)
        check.done()
        self._check_parent(check, id, parent)
        for before in unit.store.get_many(Team, [id]):
            after = attrs.evolve(before, name=name, parent=parent, lead=lead)
            return unit.changed(before, after, None, TeamPut)
        team = unit.insert(Team(id, name, parent, lead, unit.now, unit.now))
        unit.happened(TeamPut(*unit.envelope(), id, ()))
        return team

    def list(
        self, *, where: Where | None = None, order_by: TeamOrder = "id", limit: int = 50, after: str | None = None,
        **filters: Unpack[TeamFilters],
    ) -> Page[Team]:  # fmt: skip
        """One page of teams."""
        return self._page(where, filters, order_by, limit, after)

    def count(self, *, where: Where | None = None, **filters: Unpack[TeamFilters]) -> int:
        """How many such teams there are."""
        return self._count(where, filters)

    def stream(
        self, *, where: Where | None = None, order_by: TeamOrder = "id", **filters: Unpack[TeamFilters]
    ) -> Iterator[Team]:
        """Every such team, a chunk at a time, inside the block."""
        return self._stream(where, filters, order_by)

    def _check_parent(self, check: Checks, id: str, parent: str | None) -> None:
        above, steps = parent, 0
        while above is not None:
            steps += 1
            if above == id or steps > DEEPEST:
                check.fault("parent", "circular", f"A team cannot stand below itself, nor deeper than {DEEPEST}.")
                break
            found = self._unit.store.get_many(Team, [above])
            if not found:
                check.fault("parent", "not_found", "There is no such team. Put it first.")
                break
            above = found[0].parent
        check.done()

    def _is_id(self, id: object) -> None:
        _check_key(id)


def _check_users_key(check: Checks, id: object) -> None:
    check.key("id", id)
    if isinstance(id, str) and is_system(id):
        check.fault("id", "system", "This is how programs are named. Give the user another key.")


def _check_key(id: object) -> None:
    check = Checks()
    check.key("id", id)
    check.done()
