"""Custom fields: typed handles a host or plugin defines, and the values a record carries under them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar, cast
from uuid import UUID

import attrs

from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.instants import instant, micros
from crmkit.domain.money import EXACT, PLACES, Money, units_of
from crmkit.domain.where import Handle
from crmkit.errors import Fault, Invalid

T = TypeVar("T")
V = TypeVar("V")
#: What a value is stored as: whole numbers compare by size, text letter by letter, on every storage alike.
Stored = int | str
CustomRecord = Literal["client", "deal"]
_SEPARATOR = "\x1f"
_WHOLE = 2**63 - 1
_LONGEST = 2000


@attrs.frozen(init=False)
class Field(Handle[T]):
    """
    A typed custom field of clients or deals.

    *kind* is one of str, int, bool, Decimal (at most four decimals), date, datetime, Money, UUID or frozenset (of
    str). *choices* limits what may be given. *pii* marks personal data, which a free text is unless you say otherwise.

    >>> from crmkit import CRM
    >>> CARD = Field("client", "card", str, pii=True)
    >>> with CRM.open("memory://", fields=[CARD]) as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna", custom=[CARD.to("A-17")])
    ...     anna.custom[CARD], tx.clients.count(where=CARD.eq("A-17"))
    ('A-17', 1)
    """

    record: CustomRecord
    key: str
    kind: type[T]
    choices: tuple[T, ...]
    pii: bool

    def __init__(
        self, record: CustomRecord, key: str, kind: type[T], *, choices: Iterable[T] = (), pii: bool | None = None
    ) -> None:
        if record not in ("client", "deal"):
            raise Invalid(Fault("record", "unknown", f"{record!r} takes no custom fields; say 'client' or 'deal'."))
        if not (isinstance(key, str) and key.isidentifier() and key.isascii() and len(key) <= 60):
            raise Invalid(Fault("key", "not_a_key", "Give a key of ASCII letters, digits and _, such as 'card'."))
        if not isinstance(kind, type) or kind not in _WRITES:
            known = ", ".join(sorted(one.__name__ for one in _WRITES))
            raise Invalid(Fault("kind", "unknown", f"A custom field holds one of: {known}."))
        limited = tuple(choices) if isinstance(choices, Iterable) else (choices,)
        if not all(isinstance(one, str if kind is frozenset else kind) for one in limited):
            raise Invalid(Fault("choices", "not_values", f"Give a list of what the field may hold ({kind.__name__})."))
        free_text = kind is str and not limited
        self.__attrs_init__(record, key, kind, limited, free_text if pii is None else pii)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]

    @property
    def path(self) -> str:
        """Its name in a condition: `custom.` and the key."""
        return f"custom.{self.key}"

    def to(self, value: T | None) -> Given:
        """What to write: `custom=[CARD.to("A-17")]`; None clears."""
        return Given(cast("Field[Any]", self), None if value is None else self.stored(value))

    def stored(self, value: Any) -> Stored:
        """Write a value as storages keep it; one of another type is `Invalid`."""
        problem = _problem(self, value)
        if problem:
            raise Invalid(Fault(f"custom.{self.key}", "not_" + self.kind.__name__.lower(), problem))
        return cast("Stored", _WRITES[self.kind](value))

    def read(self, raw: Stored) -> T:
        """Undo `stored`."""
        try:
            return cast("T", _READS[self.kind](raw))
        except (ValueError, TypeError, ArithmeticError, AttributeError):
            message = f"What is stored is no {self.kind.__name__}. Define the field as it was, or under another key."
            raise Invalid(Fault(self.path, "not_" + self.kind.__name__.lower(), message)) from None


@attrs.frozen
class Given:
    """A value on its way into a record's custom fields."""

    field: Field[Any]
    raw: Stored | None = attrs.field(repr=False)


class Custom:
    """
    The custom values of one record: `custom[FIELD]` reads one with its type, None if it is empty.

    `raw` is what a storage keeps, by key.

    >>> LEVEL = Field("client", "level", int)
    >>> Custom({"level": 3})[LEVEL]
    3
    """

    __slots__ = ("raw",)

    def __init__(self, raw: Mapping[str, Stored] | None = None) -> None:
        self.raw: FrozenMap[str, Stored] = FrozenMap(raw)

    def __getitem__(self, field: Field[V]) -> V | None:
        raw = self.raw.get(field.key)
        return None if raw is None else field.read(raw)

    def __bool__(self) -> bool:
        return bool(self.raw)

    def __eq__(self, other: object) -> bool:
        return self.raw == other.raw if isinstance(other, Custom) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"Custom({', '.join(f'{key}=…' for key in self.raw)})"

    def with_given(self, given: Iterable[Given]) -> Custom:
        """These values with *given* written over them; an empty one clears."""
        raw: dict[str, Stored | None] = {**self.raw, **{one.field.key: one.raw for one in given}}
        return Custom({key: value for key, value in sorted(raw.items()) if value is not None})


NO_CUSTOM = Custom()


def _text_problem(value: str) -> str | None:
    if not value or len(value) > _LONGEST or (not value.isprintable() and _SEPARATOR in value) or "\x00" in value:
        return f"Give 1 to {_LONGEST} characters, or None to clear."
    try:
        value.encode()
    except UnicodeEncodeError:
        return "This text holds half a character (a lone surrogate)."
    return None


def _problem(field: Field[Any], value: Any) -> str | None:
    """Say what is wrong with *value*, None if nothing is."""
    kind = field.kind
    if type(value) is not kind:
        return f"Give a {kind.__name__}."
    if kind is str and (problem := _text_problem(value)):
        return problem
    if kind is int and not -_WHOLE <= value <= _WHOLE:
        return "This number does not fit 64 bits."
    if kind is Decimal and units_of(value) is None:
        return f"Give a decimal with at most {PLACES} decimals."
    if kind is datetime and value.tzinfo is None:
        return "Give an aware datetime, such as datetime.now(UTC)."
    if kind is frozenset and not all(type(item) is str and _text_problem(item) is None for item in value):
        return "Give a frozenset of texts."
    if field.choices and not (value <= set(field.choices) if kind is frozenset else value in field.choices):
        return "Give one of the field's choices."
    return None


def joined(items: Iterable[str]) -> str:
    """Texts as one, each between separators, so that a storage finds one of them by its middle."""
    ordered = sorted(items)
    return f"{_SEPARATOR}{_SEPARATOR.join(ordered)}{_SEPARATOR}" if ordered else ""


def split(text: str) -> frozenset[str]:
    """Undo `joined`."""
    return frozenset(text[1:-1].split(_SEPARATOR)) if text else frozenset()


def _decimal(units: int) -> Decimal:
    return Decimal(units).scaleb(-PLACES, EXACT)


def _money_text(money: Money) -> str:
    return f"{money.currency} {money.amount}"


def _money(raw: str) -> Money:
    currency, amount = raw.split(" ")
    return Money(amount, currency)


_WRITES: dict[type[Any], Any] = {
    str: str,
    int: int,
    bool: int,
    Decimal: units_of,
    date: date.isoformat,
    datetime: micros,
    Money: _money_text,
    UUID: str,
    frozenset: joined,
}
_READS: dict[type[Any], Any] = {
    str: str,
    int: int,
    bool: bool,
    Decimal: _decimal,
    date: date.fromisoformat,
    datetime: instant,
    Money: _money,
    UUID: UUID,
    frozenset: split,
}
