"""The one path every changing verb takes, and the slots on it that plugins fill.

A verb runs inside `around`. Each record it writes goes through `filter`, then through `check`, which sees the final
value. `project` runs once for the whole transaction, just before the commit. A verb that fails after it began to
write ends its transaction, so that half a verb is never committed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from crmkit.errors import Conflict, Fault, ReadOnly

if TYPE_CHECKING:
    from datetime import datetime

    from crmkit.domain.client import Client
    from crmkit.domain.contact_point import PointKind
    from crmkit.domain.events import Event
    from crmkit.domain.ids import ClientId
    from crmkit.domain.records import Record
    from crmkit.domain.touchpoint import Touchpoint
    from crmkit.services.unit import Unit

P = ParamSpec("P")
R = TypeVar("R")
D = TypeVar("D", bound="Record")


class Slots(Protocol):
    """What may take part in a transaction; a CRM without any pays for one comparison."""

    def around(self, unit: Unit) -> AbstractContextManager[None]:
        """Enter before a verb, `unit.command`, and leave after it."""
        ...

    def filter(self, unit: Unit, record: D) -> D:
        """Amend a record on its way in; the same record means unchanged."""
        ...

    def check(self, unit: Unit, before: Record | None, after: Record | None) -> Iterable[Fault]:
        """Object to a change; every objection is told. None before: added; None after: removed."""
        ...

    def filter_many(self, unit: Unit, records: Sequence[D]) -> Sequence[D]:
        """As `filter` for each of these, which are of one kind: asked once."""
        ...

    def check_many(self, unit: Unit, changes: Sequence[tuple[Record | None, Record | None]]) -> Iterable[Fault]:
        """As `check` for each of these: asked once; an objection does not say to which."""
        ...

    def project(self, unit: Unit, events: Sequence[Event]) -> None:
        """Write what follows from these events, in the same commit."""
        ...

    def attempt(self, unit: Unit, client_id: ClientId, channel: str, purpose: str) -> Iterable[Fault]:
        """Object to a client being contacted who has not said no; every objection is told."""
        ...

    def plan_merge(self, unit: Unit, keep: Client, drop: Client) -> ClientId | None:
        """Say which of two clients is kept, None for as the caller said."""
        ...

    def resolve(self, unit: Unit, kind: PointKind, value: str, match_key: str | None) -> ClientId | None:
        """Say whose an address is that nobody here has."""
        ...

    def timeline(
        self, unit: Unit, client_id: ClientId, before: datetime | None, since: datetime | None
    ) -> tuple[Sequence[Touchpoint], bool]:
        """What others know of a client's past, older than *before*, not older than *since*; and whether that is all."""
        ...


class HasUnit(Protocol):
    """A room."""

    @property
    def _unit(self) -> Unit: ...


S = TypeVar("S", bound=HasUnit)


def command(verb: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Make a method of a room a changing verb."""
    owner, _, name = verb.__qualname__.rpartition(".")
    called = f"{_snake(owner)}.{name}"

    @wraps(verb)
    def run(room: S, /, *args: P.args, **given: P.kwargs) -> R:
        unit = room._unit  # noqa: SLF001  # the protocol's one name
        if not unit.writable:
            raise ReadOnly
        written, outer = unit.written, unit.command
        unit.command = called
        try:
            if unit.slots is None:
                answer = verb(room, *args, **given)
            else:
                with unit.slots.around(unit):
                    answer = verb(room, *args, **given)
            if unit.reads is not None and not outer and unit.written == written:
                unit.reads.answered(answer)  # of what it wrote it is the events that tell
            return answer  # what fails above, fails here
        except BaseException as error:
            _failed(unit, written, error)
            raise
        finally:
            unit.command = outer

    marked: Any = run
    marked.__crm_command__ = called
    return run


@contextmanager
def commanded(unit: Unit, name: str) -> Generator[None]:
    """Take the path of `command` for a whole chunk: inside `around`, and what fails half-way ends the transaction."""
    written, outer = unit.written, unit.command
    unit.command = name
    try:
        if unit.slots is None or not unit.writable:  # a trial run commands nothing
            yield
        else:
            with unit.slots.around(unit):
                yield
    except BaseException as error:
        _failed(unit, written, error)
        raise
    finally:
        unit.command = outer


def _failed(unit: Unit, written: int, error: BaseException) -> None:
    """A verb that failed half-way, or was overtaken, ends the transaction; one that wrote nothing leaves it open."""
    if unit.written != written or isinstance(error, Conflict):
        unit.end()


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
