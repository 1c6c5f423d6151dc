"""Ways to see clients, and what a policy calls the kinds of records that hang on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import attrs

from crmkit.domain.call import Call
from crmkit.domain.datum import Datum
from crmkit.domain.deal import Deal, DealStep
from crmkit.domain.document import Document
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.message import Message
from crmkit.domain.note import Note
from crmkit.domain.purchase import Purchase, Refund
from crmkit.domain.share import Right
from crmkit.domain.task import Task
from crmkit.domain.ticket import Ticket
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.where import EVERYTHING, Where

Level = Literal["none", "own", "team", "all"]
LEVELS: Final[tuple[Level, ...]] = ("none", "own", "team", "all")
#: What a policy tells apart. Contact points, contacts, consents, attempts and names elsewhere go with the client.
Entity = Literal["client", "deal", "purchase", "touchpoint", "call", "task", "note", "ticket", "document", "data"]
OF_KIND: Final[Mapping[type[Any], Entity]] = {
    Deal: "deal",
    DealStep: "deal",
    Purchase: "purchase",
    Refund: "purchase",
    Touchpoint: "touchpoint",
    Message: "touchpoint",
    Call: "call",
    Task: "task",
    Note: "note",
    Ticket: "ticket",
    Document: "document",
    Datum: "data",
}
#: The kinds whose records of nobody are for those who see the pool.
OF_NOBODY: Final[frozenset[type[Any]]] = frozenset({Touchpoint, Call})


def entity_of(kind: type[Any]) -> Entity:
    """
    Name what a policy calls a kind of record.

    >>> entity_of(Refund), entity_of(DealStep)
    ('purchase', 'deal')
    """
    return OF_KIND.get(kind, "client")


def lower(one: Level, other: Level) -> Level:
    """
    The level that reaches less far.

    >>> lower("team", "own")
    'own'
    """
    return one if LEVELS.index(one) <= LEVELS.index(other) else other


@attrs.frozen
class Sight:
    """
    One way to see clients: of whom *level* says, those of nobody with *pool*, those shared with at least *shared*.

    Of all of these, only those that meet *where*; it may say `ACTOR`.
    """

    level: Level = "none"
    pool: bool = False
    shared: Right | None = None
    where: Where = EVERYTHING

    @property
    def is_blind(self) -> bool:
        """Whether nothing is seen so."""
        return self.level == "none" and not self.pool and self.shared is None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is hidden."""
        return self.level == "all" and self.where == EVERYTHING

    def within(self, other: Sight) -> Sight:
        """What both see: the lower level, the greater right to ask for, both conditions."""
        rights = {self.shared, other.shared}
        same = other.where in (self.where, EVERYTHING)
        return Sight(
            lower(self.level, other.level),
            self.pool and other.pool,
            None if None in rights else "write" if "write" in rights else "read",
            self.where if same else other.where if self.where == EVERYTHING else self.where & other.where,
        )

    def covers(self, other: Sight) -> bool:
        """Whether all that *other* sees is seen so, whoever acts."""
        if self.where not in (EVERYTHING, other.where):
            return False
        if self.level == "all":
            return True
        return (
            LEVELS.index(other.level) <= LEVELS.index(self.level)
            and other.pool <= self.pool
            and (other.shared is None or self.shared in ("read", other.shared))
        )


@attrs.frozen(cache_hash=True)
class Sees:
    """What is seen of each entity: a record if one of its sights shows its client. Not named: as the client."""

    sights: FrozenMap[Entity, tuple[Sight, ...]]
    #: Whether nothing is hidden of anything.
    is_everything: bool = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        everything = all(any(sight.is_everything for sight in sights) for sights in self.sights.values())
        object.__setattr__(self, "is_everything", everything)

    def of(self, entity: Entity) -> tuple[Sight, ...]:
        """The ways to see one entity; none of them: nothing is seen."""
        return self.sights[self.stands_for(entity)]

    def stands_for(self, entity: Entity) -> Entity:
        """The entity whose sights count for *entity*: itself, if it differs from the client."""
        return entity if entity in self.sights else "client"


def sees(sights: Iterable[Sight] | Sight, **of: Iterable[Sight] | Sight) -> Sees:
    """
    Say what is seen of clients, and of other entities what differs.

    >>> sees(Sight("all")).is_everything, sees(Sight("own"), deal=()).of("deal")
    (True, ())
    """
    said: dict[Any, tuple[Sight, ...]] = {
        name: (given,) if isinstance(given, Sight) else tuple(given) for name, given in {"client": sights, **of}.items()
    }
    seen = {name: _widest(given) for name, given in said.items()}
    return Sees(FrozenMap({name: one for name, one in seen.items() if name == "client" or one != seen["client"]}))


def _widest(sights: tuple[Sight, ...]) -> tuple[Sight, ...]:
    """Those that see something no other one does."""
    kept: list[Sight] = []
    for sight in sights:
        if not sight.is_blind and not any(one.covers(sight) for one in kept):
            kept = [one for one in kept if not sight.covers(one)]
            kept.append(sight)
    return tuple(kept)


BLIND: Final = sees(())
ALL: Final = sees(Sight("all"))
OWN: Final = sees(Sight("own"))
