"""An access policy: roles, and what each may do with whose clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal, cast, get_args

import attrs

from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.scope import Scope
from crmkit.domain.share import Right
from crmkit.domain.sight import ALL, LEVELS, Entity, Level, Sees, Sight, lower, sees
from crmkit.domain.where import Where
from crmkit.errors import Fault, Invalid

Operation = Literal["read", "write", "export", "erase", "reassign", "evidence"]
OPERATIONS: Final[tuple[Operation, ...]] = get_args(Operation)
ENTITIES: Final[tuple[Entity, ...]] = get_args(Entity)
#: What a share gives: nobody exports, erases or gives away what was only shared with them.
_BY_SHARE: Final[Mapping[Operation, Right]] = {"read": "read", "write": "write"}
#: What the pool is open to: whoever sees it may work on what is in it, and take it.
_IN_POOL: Final[frozenset[Operation]] = frozenset({"read", "write", "reassign"})
#: How many rows one actor may export in 24 hours, unless the policy says otherwise.
ROWS_A_DAY = 1000
_NO_ENTITIES: FrozenMap[Entity, FrozenMap[Operation, Level]] = FrozenMap()


def _frozen(given: object) -> Any:
    """What was said of entities, so that a role may sit in a set; what is no mapping is left to be refused."""
    return _map(given, _map)


def _map(given: Any, value: Callable[[Any], Any] | None = None) -> Any:
    if not isinstance(given, Mapping):
        return given
    said = cast("Mapping[object, object]", given)
    return FrozenMap[Any, Any]({key: one if value is None else value(one) for key, one in said.items()})


@attrs.frozen
class Role:
    """
    What whoever has this role may do, each with whose clients: of `none`, their `own`, their `team`'s, or `all`.

    `team` is the user's own team and every team below it. With *pool* unassigned clients are seen, worked on and taken.
    To `erase`, to `reassign`, to `export` and to see the `evidence` of consents are rights of their own; *admin* puts
    users, teams and pipelines. *on* lowers levels for kinds of records: deals, purchases, tasks and whatever else hangs
    on a client. Nothing reaches further than `read` does.

    >>> Role("seller", read="own", write="own", pool=True).level("read", "deal")
    'own'
    >>> Role("caller", read="all", on={"purchase": {"read": "none"}}).level("read", "purchase")
    'none'
    """

    name: str
    read: Level = attrs.field(default="none", kw_only=True)
    write: Level = attrs.field(default="none", kw_only=True)
    export: Level = attrs.field(default="none", kw_only=True)
    erase: Level = attrs.field(default="none", kw_only=True)
    reassign: Level = attrs.field(default="none", kw_only=True)
    evidence: Level = attrs.field(default="none", kw_only=True)
    pool: bool = attrs.field(default=False, kw_only=True)
    admin: bool = attrs.field(default=False, kw_only=True)
    on: Mapping[Entity, Mapping[Operation, Level]] = attrs.field(default=_NO_ENTITIES, kw_only=True, converter=_frozen)

    def __attrs_post_init__(self) -> None:
        if faults := tuple(self._faults()):
            raise Invalid(*faults)

    def level(self, operation: Operation, entity: Entity) -> Level:
        """How far an operation reaches on one entity."""
        level: Level = getattr(self, operation)
        return lower(level, self.on.get(entity, {}).get(operation, level))

    def sight(self, operation: Operation, entity: Entity) -> Sight:
        """Whose clients an operation reaches, seen from one entity."""
        level = self.level(operation, entity)
        lowered_to_none = level == "none" and operation in self.on.get(entity, {})
        shared = None if lowered_to_none else _BY_SHARE.get(operation)
        return Sight(level, self.pool and operation in _IN_POOL and not lowered_to_none, shared)

    def _faults(self) -> Iterator[Fault]:
        if not isinstance(self.name, str) or not self.name.strip():
            yield Fault("name", "empty", "Give the role a name.")
        for operation in OPERATIONS:
            if getattr(self, operation) not in LEVELS:
                yield Fault(operation, "not_a_level", _ONE_OF_LEVELS)
        for flag in ("pool", "admin"):
            if not isinstance(getattr(self, flag), bool):
                yield Fault(flag, "not_a_flag", "Give True or False.")
        if not isinstance(self.on, FrozenMap):
            yield Fault("on", "not_a_mapping", 'Give levels by entity: on={"deal": {"read": "own"}}.')
            return
        for entity, lowered in self.on.items():
            if entity not in ENTITIES:
                yield Fault("on", "unknown", f"There is no such entity. Choose from: {', '.join(ENTITIES)}.")
            elif not isinstance(lowered, FrozenMap):
                yield Fault(f"on.{entity}", "not_a_mapping", 'Give levels by operation: {"read": "own"}.')
            else:
                yield from self._lowered(entity, lowered)

    def _lowered(self, entity: Entity, lowered: Mapping[Operation, Level]) -> Iterator[Fault]:
        for operation, level in lowered.items():
            if operation not in OPERATIONS:
                yield Fault(
                    f"on.{entity}", "unknown", f"There is no such operation. Choose from: {', '.join(OPERATIONS)}."
                )
            elif level not in LEVELS:
                yield Fault(f"on.{entity}.{operation}", "not_a_level", _ONE_OF_LEVELS)
            elif (most := getattr(self, operation)) in LEVELS and LEVELS.index(level) > LEVELS.index(most):
                yield Fault(
                    f"on.{entity}.{operation}", "raised", "A kind of record is never seen further than its client."
                )


_ONE_OF_LEVELS = f"Give one of: {', '.join(LEVELS)}."
Answer = Level | Where
#: What plugins answered: role, operation and entity to what all of them leave of it.
Answers = Mapping[tuple[str, Operation, Entity], Iterable[Answer]]


@attrs.frozen(init=False)
class Policy:
    """
    Who may do what: every user by the roles that `tx.users.put(…, roles={"seller"})` gave them.

    Who has no role of these sees nothing but what was shared with them. A `System` actor, a program of the host's or a
    plugin, is let do everything; a door without an actor, or of somebody who is no active user, is `UnknownActor`.

    >>> from crmkit import CRM
    >>> from crmkit.access import Policy, Role, System
    >>> policy = Policy(Role("seller", read="own", write="own"), Role("head", read="team", write="team"))
    >>> crm = CRM.open("memory://", access=policy)
    >>> with crm.bind(actor=System("setup")).begin() as tx:
    ...     for key in ("17", "18"):
    ...         _ = tx.users.put(key, name=f"Seller {key}", roles={"seller"})
    >>> with crm.bind(actor="17").begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    >>> with crm.bind(actor="18").read() as tx:
    ...     tx.clients.count()
    0
    """

    roles: tuple[Role, ...]
    rows_a_day: int | None

    def __init__(self, *roles: Role, rows_a_day: int | None = ROWS_A_DAY) -> None:
        faults = [Fault("roles", "not_a_role", "Give Role objects.") for one in roles if not isinstance(one, Role)]
        names = [one.name for one in roles if isinstance(one, Role)]
        faults += [
            Fault("roles", "twice", f"Two roles are called {name!r}.")
            for name in sorted({*names})
            if names.count(name) > 1
        ]
        if rows_a_day is not None and (type(rows_a_day) is not int or rows_a_day < 0):
            faults.append(Fault("rows_a_day", "not_a_number", "Give a whole number, or None for as many as they like."))
        if faults:
            raise Invalid(*faults)
        object.__setattr__(self, "roles", roles)
        object.__setattr__(self, "rows_a_day", rows_a_day)

    def rights(self, answers: Answers | None = None) -> Rights:
        """What follows from it, and from what plugins *answers* took away."""
        return Rights({role.name: role for role in self.roles}, answers or {}, self.rows_a_day)


class Rights:
    """What each set of roles may do: worked out once, when somebody with these roles first acts."""

    def __init__(self, roles: Mapping[str, Role], answers: Answers, rows_a_day: int | None) -> None:
        self._roles, self._answers, self._rows_a_day = roles, answers, rows_a_day
        self._known: dict[frozenset[str], tuple[Mapping[Operation, Sees], bool]] = {}

    def granted(self, names: frozenset[str], actor: str, team: str | None, at: datetime) -> Grants:
        """What follows for one actor with these roles, of one team, at one instant."""
        if (known := self._known.get(names)) is None:
            reach: Mapping[Operation, Sees] = {operation: self._sees(names, operation) for operation in OPERATIONS}
            admin = any(role.admin for name, role in self._roles.items() if name in names)
            known = self._known[names] = reach, admin
        return Grants(known[0], actor, team, at, known[1], self._rows_a_day)

    def _sees(self, names: frozenset[str], operation: Operation) -> Sees:
        roles = [role for name, role in self._roles.items() if name in names]
        by_share = Sight(shared=_BY_SHARE.get(operation))
        seen: dict[str, list[Sight]] = {entity: [] for entity in ENTITIES}
        for role in roles:
            client = self._left(role, "read", "client")
            for entity in ENTITIES:
                read = client.within(self._left(role, "read", entity))
                seen[entity].append(read.within(self._left(role, operation, entity)))
        if not roles:
            seen = {entity: [by_share] for entity in ENTITIES}
        clients = seen.pop("client")
        return sees(clients, **seen)

    def _left(self, role: Role, operation: Operation, entity: Entity) -> Sight:
        """What a role gives and no plugin takes away."""
        sight = role.sight(operation, entity)
        for answer in self._answers.get((role.name, operation, entity), ()):
            if isinstance(answer, Where):
                sight = sight.within(Sight("all", pool=True, shared="read", where=answer))
            elif answer == "none":
                sight = Sight()
            else:
                sight = sight.within(Sight(answer, pool=True, shared="read"))
        return sight


@attrs.frozen
class Grants:
    """What one actor of one team may do in a transaction: whose records each operation reaches, and whether they put users."""

    reach: Mapping[Operation, Sees]
    actor: str = ""
    team: str | None = None
    at: datetime | None = None
    admin: bool = False
    rows_a_day: int | None = None

    def under(self, operation: Operation) -> Scope:
        """The scope of one operation."""
        return Scope(self.reach[operation], self.actor, self.team, self.at)


EVERYTHING_GRANTED: Final = Grants(dict.fromkeys(OPERATIONS, ALL), admin=True)
