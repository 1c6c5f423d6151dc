"""Whose personal data one block handed out: noted where every read passes, told as events at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from crmkit.domain.card import Card
from crmkit.domain.client import Client
from crmkit.domain.delivery import Delivery
from crmkit.domain.events import DataRead, Event
from crmkit.domain.ids import ClientId
from crmkit.domain.marks import personal_fields
from crmkit.domain.merge import Merge
from crmkit.domain.outcome import Outcome
from crmkit.domain.records import HANGING, noun
from crmkit.ports import StorageTransaction
from crmkit.services.bulk_access import counted

if TYPE_CHECKING:
    from crmkit.services.unit import Unit

#: How many clients one event names at most, and how many a block that reads notes before it has them written down.
NAMED, HELD = 500, 10_000
#: What a read of each kind is called; what hangs on a client and has nothing personal in it is not asked about.
_CALLED: Final[Mapping[type[Any], str]] = {
    Client: "client",
    Outcome: "client",
    **{
        kind: noun(kind).replace(" ", "_")
        for kind in HANGING
        if personal_fields(kind) and kind not in (Merge, Delivery)
    },
}


class Reads:
    """What one block has handed out so far."""

    __slots__ = ("_count", "_most", "_read", "full")

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._read: dict[str, dict[ClientId, None]] = {}
        self._count = 0
        #: What to do once much is noted; None: go on.
        self.full: Callable[[], None] | None = None

    def note(self, records: Iterable[object]) -> None:
        """Note whose these records are."""
        for one in records:
            if (called := _CALLED.get(type(one))) is not None:
                record = cast("Any", one)
                id: ClientId | None = record.id if type(one) is Client else record.client_id
                if id is not None:
                    read = self._read.setdefault(called, {})
                    self._count -= len(read)
                    read[id] = None
                    self._count += len(read)
        if self._count >= HELD and self.full is not None:
            self.full()

    def answered(self, result: object) -> None:
        """Note what a changing verb gave back that changed nothing: a record, or several values with records among them."""
        self.note(cast("tuple[object, ...]", result) if isinstance(result, tuple) else (result,))

    def __bool__(self) -> bool:
        return bool(self._read)

    def events(self, unit: Unit, store: StorageTransaction) -> list[Event]:
        """What is to be said of them: an event for each kind and some hundred clients; and if it is too much, that."""
        said: list[Event] = [
            DataRead(*unit.envelope(), unit.actor or "", called, some)
            for called, ids in sorted(self._read.items())
            for some in _in_lots(tuple(ids))
        ]
        if said and self._most is not None and unit.actor is not None:
            everybody = {id for ids in self._read.values() for id in ids}
            too_much = counted(unit, storage_of(store), unit.actor, everybody, self._most)
            said += [] if too_much is None else [too_much]
        return said

    def forget(self) -> None:
        """Begin anew: what was noted is written down."""
        self._read, self._count = {}, 0


def _in_lots(ids: tuple[ClientId, ...]) -> Iterator[tuple[ClientId, ...]]:
    return (ids[start : start + NAMED] for start in range(0, len(ids), NAMED))


class Noting:
    """
    A storage's transaction that notes what its reads answer, for who reads by rooms.

    What a changing verb looks at on its way is not handed out: `Reads.answered` hears what it gives back.
    """

    __slots__ = ("_reads", "_unit", "behind")

    def __init__(self, behind: StorageTransaction, unit: Unit, reads: Reads) -> None:
        self.behind, self._unit, self._reads = behind, unit, reads

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.behind, name)
        if name not in _HANDING_OUT or self._unit.command:
            return method
        return _noting(method, _HANDING_OUT[name], self._reads)


def storage_of(store: StorageTransaction) -> StorageTransaction:
    """The storage's own transaction, for who asks what it is."""
    return getattr(store, "behind", store)


def _noting(method: Callable[..., Any], records_of: Callable[[Any], Iterable[object]], reads: Reads) -> Any:
    def asked(*args: Any, **given: Any) -> Any:
        answer = method(*args, **given)
        reads.note(records_of(answer))
        return answer

    return asked


def _one(answer: object) -> Iterable[object]:
    return () if answer is None else (answer,)


def _all(answer: Sequence[object]) -> Iterable[object]:
    return answer


def _each(answer: Mapping[object, object]) -> Iterable[object]:
    return answer.values()


def _every(answer: Mapping[object, Sequence[object]]) -> Iterable[object]:
    return (record for some in answer.values() for record in some)


def _card(answer: Card | None) -> Iterable[object]:
    if answer is not None:
        yield answer.client
        for part in (
            answer.contacts, answer.contact_points, answer.touchpoints, answer.deals, answer.purchases, answer.tasks,
            answer.tickets, answer.notes, answer.consents,
        ):  # fmt: skip
            yield from part


#: Every question that records are answered to, and where they are in the answer.
_HANDING_OUT: Final[Mapping[str, Callable[[Any], Iterable[object]]]] = {
    "get_many": _all,
    "select": _all,
    "find": _all,
    "find_external": _one,
    "find_merged": _one,
    "find_many": _every,
    "find_external_many": _each,
    "search": _all,
    "hanging_on": _every,
    "outcomes": _all,
    "card": _card,
}
