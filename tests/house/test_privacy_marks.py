from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs
import pytest

from crmkit.domain.custom import Custom
from crmkit.domain.events import BY_TOPIC
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.marks import CODE, PERSONAL
from crmkit.domain.records import RECORDS
from crmkit.events import Event

CANARY = "canary-7f3a"
BORN = date(1907, 7, 19)
TELLTALES = (CANARY, "1907", "71930719")
EVENTS = [Event, *BY_TOPIC.values()]


@pytest.mark.parametrize("kind", RECORDS)
def test_every_text_of_a_record_says_whether_it_is_personal(kind: type[Any]) -> None:
    """Export, erasure, masking and encryption go by the marks; a text without one would escape them all."""
    assert [] == [name for name, hint in _hints(kind) if _has_unmarked_text(hint)]


@pytest.mark.parametrize("kind", EVENTS)
def test_no_event_carries_a_persons_data(kind: type[Any]) -> None:
    """Events leave the house; personal fields appear in them by name only."""
    assert [] == [name for name, hint in _hints(kind) if PERSONAL in _marks(hint)]


@pytest.mark.parametrize("kind", EVENTS)
def test_every_text_of_an_event_is_a_code(kind: type[Any]) -> None:
    """A text nobody looked at could be anything, so it has no place in an event."""
    assert [] == [name for name, hint in _hints(kind) if _has_unmarked_text(hint)]


@pytest.mark.parametrize("kind", RECORDS)
def test_repr_hides_what_is_personal(kind: type[Any]) -> None:
    """A record ends up in logs and tracebacks; its attributes still show everything."""
    record = _made(kind)
    shown = repr(record)
    assert [] == [telltale for telltale in TELLTALES if telltale in shown]
    assert kind.__name__ in shown


def test_the_canary_would_be_seen() -> None:
    """What the test above builds does carry the canary wherever a field is marked personal."""
    carried = {kind.__name__ for kind in RECORDS if CANARY in repr(attrs.asdict(_made(kind)))}
    marked = {kind.__name__ for kind in RECORDS if any(PERSONAL in _marks(hint) for _, hint in _hints(kind))}
    assert {"Client", "ContactPoint", "Note", "Touchpoint"} <= marked
    assert marked == marked & carried


def _hints(kind: type[Any]) -> Iterator[tuple[str, Any]]:
    """The fields of an attrs class and their annotations, marks included."""
    hints = get_type_hints(kind, include_extras=True)
    return ((field.name, hints[field.name]) for field in attrs.fields(kind))


def _parts(hint: Any) -> tuple[Any, ...]:
    """What a type is made of: members of a union, items of a container, fields of a value of ours."""
    if get_origin(hint) is Literal:
        return ()  # a closed set of our own words
    if get_origin(hint) is Annotated:
        return (get_args(hint)[0],)
    if hasattr(hint, "__supertype__"):
        return (hint.__supertype__,)
    if attrs.has(hint):
        return tuple(hint for _, hint in _hints(hint))
    return get_args(hint)


def _own_marks(hint: Any) -> set[Any]:
    return {PERSONAL, CODE} & {*get_args(hint)[1:]} if get_origin(hint) is Annotated else set()


def _marks(hint: Any) -> set[Any]:
    """Every mark in a type, at any depth."""
    return _own_marks(hint).union(*(_marks(part) for part in _parts(hint)))


def _has_unmarked_text(hint: Any) -> bool:
    """Say whether text may stand in such a field without anybody having said what it is."""
    if _own_marks(hint):
        return False
    return hint in {str, bytes, Any, object} or any(_has_unmarked_text(part) for part in _parts(hint))


def _made(kind: type[Any]) -> Any:
    """A value with the canary wherever a field is marked personal, made past its constructor and its checks."""
    value = object.__new__(kind)
    for name, hint in _hints(kind):
        object.__setattr__(value, name, _filled(hint, personal=False))
    return value


def _filled(hint: Any, *, personal: bool) -> Any:
    """Something of a type; of a personal one, something that would be recognised."""
    personal = personal or PERSONAL in _own_marks(hint)
    if hint in _SAMPLES:
        return _SAMPLES[hint][personal]
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if attrs.has(hint) and personal:
        value = object.__new__(hint)
        for name, inner in _hints(hint):
            object.__setattr__(value, name, _filled(inner, personal=True))
        return value
    if attrs.has(hint):
        return _made(hint)
    return _container(hint, personal=personal)


def _container(hint: Any, *, personal: bool) -> Any:
    """A union's first real member, or a container with one item."""
    parts = [part for part in _parts(hint) if part not in {NoneType, Ellipsis}]
    inner = [_filled(part, personal=personal) for part in parts]
    origin: Any = get_origin(hint)
    lists: tuple[Any, ...] = (tuple, frozenset, list)
    if origin is FrozenMap:
        return FrozenMap({inner[0]: inner[1]})
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {inner[0]: inner[1]}
    if origin in lists:
        return origin(inner)
    return inner[0]


#: For each plain type what may be shown, and what may not.
_SAMPLES: dict[Any, tuple[Any, Any]] = {
    str: ("x", CANARY),
    object: ("x", CANARY),
    Any: ("x", CANARY),
    bytes: (b"x", CANARY.encode()),
    int: (1, 71930719),
    bool: (True, True),
    Decimal: (Decimal(1), Decimal(71930719)),
    date: (date(2026, 1, 1), BORN),
    datetime: (datetime(2026, 1, 1, tzinfo=UTC), datetime(1907, 7, 19, tzinfo=UTC)),
    timedelta: (timedelta(1), timedelta(71930719)),
    UUID: (UUID(int=1), UUID(int=1)),
    Custom: (Custom({"card": CANARY}), Custom({"card": CANARY})),
}
