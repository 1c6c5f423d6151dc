"""Plain JSON types back to values. Every fault is noted with its path before anything is raised."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from crmkit.domain.custom import Custom
from crmkit.domain.events import BY_TOPIC, Event
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.money import Money
from crmkit.domain.plain.hints import Hint, entries_of, hint_of, is_enum, is_event, is_value
from crmkit.domain.plain.writing import to_builtins
from crmkit.domain.query import Page
from crmkit.domain.where import Where, from_json
from crmkit.errors import Fault, Invalid

T = TypeVar("T")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)").fullmatch
_DATE = re.compile(r"\d{4}-\d\d-\d\d").fullmatch
_WHOLE = 2**63


class _Bad:
    """What a reader gives when it has noted a fault."""


BAD: Final = _Bad()


def from_builtins(type: type[T], data: Any) -> T:
    """
    Undo `to_builtins`: build a *type* of plain JSON types. Anything else raises one `Invalid` with every fault.

    A generic type says what is in it: `from_builtins(Page[Client], data)`.

    >>> from crmkit import Money
    >>> from_builtins(Money, {"amount": "10.5", "currency": "EUR"})
    Money(amount=Decimal('10.50'), currency='EUR')
    """
    faults: list[Fault] = []
    value = _Reader(faults).read(type, data, "")
    if faults:
        raise Invalid(*faults)
    return cast(T, value)


def from_stored(type: type[T], data: Any, path: str = "") -> T:
    """
    As `from_builtins`, of what an earlier or a later version of a class wrote: keys it does not know are passed over.

    What it lacks gets its default; without one it is a fault like any other. *path* is where it stands.
    """
    faults: list[Fault] = []
    value = _Reader(faults, passes_over=True).read(type, data, path)
    if faults:
        raise Invalid(*faults)
    return cast(T, value)


class _Reader:
    """Reads by type hint; a path is what stands before a key, as in `items[0].quantity`."""

    def __init__(self, faults: list[Fault], *, passes_over: bool = False) -> None:
        self._faults = faults
        self._passes_over = passes_over

    def bad(self, path: str, code: str, message: str) -> Any:
        """Note a fault."""
        self._faults.append(Fault(path or "data", code, message))
        return BAD

    def read(self, hint: Any, data: Any, path: str) -> Any:
        """Read one value."""
        known = hint_of(hint)
        if data is None and known.optional:
            return None
        if known.choices:
            choices = ", ".join(known.choices)
            return data if data in known.choices else self.bad(path, "unknown", f"Give one of: {choices}.")
        if (plain := _PLAIN.get(known.type)) is not None:
            return self._plain(plain, data, path)
        if (inside := _INSIDE.get(known.type)) is not None:
            return inside(self, known, data, path)
        if is_enum(known.type):
            return self._member(known.type, data, path)
        if is_event(known.type):
            return self._event(known.type, data, path)
        if is_value(known.type):
            return self._value(known.type, data, path)
        return self.bad(path, "not_json", f"crmkit reads no {getattr(known.type, '__name__', known.type)} from JSON.")

    def _plain(self, plain: tuple[str, str, Callable[[Any], Any]], data: Any, path: str) -> Any:
        code, message, made = plain
        try:
            return made(data)
        except Invalid as error:
            return self._further(error, path)
        except (ValueError, TypeError, OverflowError, InvalidOperation):
            return self.bad(path, code, message)

    def _further(self, error: Invalid, path: str) -> Any:
        """Faults of a value inside are faults of this one, further down."""
        self._faults += [Fault(_joined(path, one.path), one.code, one.message) for one in error.faults]
        return BAD

    def _value(self, kind: Any, data: Any, path: str) -> Any:
        if not isinstance(data, Mapping):
            return self.bad(path, "not_an_object", f"Give a {kind.__name__} as a JSON object.")
        given, entries = cast(Mapping[str, Any], data), entries_of(kind)
        for name in given if not self._passes_over else ():
            if name not in entries:
                self.bad(_joined(path, str(name)), "unknown", f"A {kind.__name__} has no such field.")
        values: dict[str, Any] = {}
        for name, entry in entries.items():
            if name in given:
                values[name] = self.read(entry.hint, given[name], _joined(path, name))
            elif entry.required:
                values[name] = self.bad(_joined(path, name), "missing", f"A {kind.__name__} needs this field.")
        if BAD in values.values():
            return BAD
        try:
            return kind(**values)
        except Invalid as error:
            return self._further(error, path)

    def _member(self, kind: type[Enum], data: Any, path: str) -> Any:
        for member in kind:
            written = to_builtins(member)
            if type(written) is type(data) and written == data:
                return member
        return self.bad(path, "unknown", f"Give one of: {', '.join(str(to_builtins(member)) for member in kind)}.")

    def _event(self, kind: type[Event], data: Any, path: str) -> Any:
        topic = cast(Mapping[str, Any], data).get("topic") if isinstance(data, Mapping) else None
        told = BY_TOPIC.get(topic) if isinstance(topic, str) else None
        if told is None or not issubclass(told, kind):
            wanted = f"the topic {kind.topic!r}" if kind.topic else "a topic crmkit knows"
            return self.bad(_joined(path, "topic"), "unknown", f"Give an event of {wanted}.")
        given = cast(Mapping[str, Any], data)
        return self._value(told, {name: value for name, value in given.items() if name != "topic"}, path)

    def items(self, known: Hint, data: Any, path: str) -> Any:
        """A list of one type, or a tuple of it."""
        if not isinstance(data, list | tuple) or not known.inside:
            return self.bad(path, "not_a_list", "Give a list.")
        values = [
            self.read(known.inside[0], one, f"{path}[{place}]") for place, one in enumerate(cast(list[Any], data))
        ]
        return BAD if BAD in values else tuple(values) if known.type is tuple else values

    def set_of(self, known: Hint, data: Any, path: str) -> Any:
        """A list of texts, each once."""
        values = self.items(known, data, path)
        if values is not BAD and len(set(values)) < len(values):
            return self.bad(path, "double", "Give each only once.")
        return values if values is BAD else frozenset(values)

    def pairs(self, known: Hint, data: Any, path: str) -> Any:
        """An object whose values are of one type."""
        if not isinstance(data, Mapping):
            return self.bad(path, "not_an_object", "Give a JSON object.")
        given = cast(Mapping[str, Any], data)
        values = {key: self.read(known.inside[1], value, _joined(path, str(key))) for key, value in given.items()}
        for key in given:
            if self.read(str, key, _joined(path, str(key))) is BAD:
                values[key] = BAD
        return BAD if BAD in values.values() else FrozenMap(values)

    def page(self, known: Hint, data: Any, path: str) -> Any:
        """A page; what is in it must be said."""
        if not known.inside:
            return self.bad(path, "not_json", "Say what the page holds, such as Page[Client].")
        if not isinstance(data, Mapping) or set(cast(Mapping[str, Any], data)) != {"items", "next"}:
            return self.bad(path, "not_an_object", "Give a page as an object of items and next.")
        items = self.items(Hint(tuple, known.inside), data["items"], _joined(path, "items"))
        following = self.read(str | None, data["next"], _joined(path, "next"))
        return BAD if items is BAD or following is BAD else Page(items, following)


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _exactly(kind: type[T]) -> Callable[[Any], T]:
    def read(data: Any) -> T:
        if type(data) is not kind:
            raise TypeError
        return data

    return read


_str = _exactly(str)


def _text(data: Any) -> str:
    _str(data).encode()
    if "\x00" in data:
        raise ValueError
    return cast(str, data)


def _int(data: Any) -> int:
    number = _exactly(int)(data)
    if not -_WHOLE <= number < _WHOLE:
        raise OverflowError
    return number


def _float(data: Any) -> float:
    if type(data) not in (int, float) or not math.isfinite(data):
        raise TypeError
    return float(data)


def _id(data: Any) -> UUID:
    made = UUID(_str(data))
    if str(made) != data.lower():  # not the spellings in braces or without hyphens
        raise ValueError
    return made


def _decimal(data: Any) -> Decimal:
    made = Decimal(_str(data))
    if not made.is_finite():
        raise ValueError
    return made


def _instant(data: Any) -> datetime:
    if not _RFC_3339(_str(data)):
        raise ValueError
    return datetime.fromisoformat(data)


def _date(data: Any) -> date:
    if not _DATE(_str(data)):
        raise ValueError
    return date.fromisoformat(data)


def _duration(data: Any) -> timedelta:
    return timedelta(seconds=data) if type(data) is int else timedelta(seconds=_float(data))


def _money(data: Any) -> Money:
    given = dict[str, Any](data)
    if set(given) != {"amount", "currency"}:
        raise TypeError
    return Money(_str(given["amount"]), given["currency"])


def _custom(data: Any) -> Custom:
    raw = cast(dict[str, Any], dict(data))
    for key, value in raw.items():
        if not (_text(key).isidentifier() and key.isascii()):
            raise ValueError
        _int(value) if type(value) is int else _text(value)
    return Custom(raw)


def _where(data: Any) -> Where:
    if not isinstance(data, Mapping):
        raise TypeError
    return from_json(cast(Mapping[str, Any], data))


#: For each plain type: the code and message of a fault, and what reads it.
_PLAIN: dict[Any, tuple[str, str, Callable[[Any], Any]]] = {
    str: ("not_a_text", "Give a text.", _text),
    int: ("not_a_number", "Give a whole number that fits 64 bits.", _int),
    bool: ("not_a_truth_value", "Give true or false.", _exactly(bool)),
    float: ("not_a_number", "Give a number.", _float),
    UUID: ("not_an_id", "Give an id, such as 0190a5f0-7c1e-7000-8000-000000000001.", _id),
    Decimal: ("not_a_decimal", "Give a decimal as text, such as '10.50'.", _decimal),
    date: ("not_a_date", "Give a date, such as 2026-05-01.", _date),
    datetime: ("not_an_instant", "Give an instant with its offset, such as 2026-05-01T09:00:00Z.", _instant),
    timedelta: ("not_a_duration", "Give a number of seconds.", _duration),
    Money: ("not_money", "Give an object of amount, as text, and currency.", _money),
    Custom: ("not_custom", "Give an object of custom values: texts and whole numbers, by key.", _custom),
    Where: ("unknown", "Give a condition that crmkit wrote.", _where),
}
_INSIDE: dict[Any, Callable[[_Reader, Hint, Any, str], Any]] = {
    tuple: _Reader.items,
    list: _Reader.items,
    frozenset: _Reader.set_of,
    FrozenMap: _Reader.pairs,
    Page: _Reader.page,
}
