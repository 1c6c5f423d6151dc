"""Which types a plugin's class may hold, which of them can be sorted by, and which hold a person's data."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, get_args, get_origin
from uuid import UUID

from crmkit.domain.marks import PERSONAL, mark_of
from crmkit.domain.money import Money
from crmkit.domain.plain.hints import Hint, entries_of, hint_of, is_enum, is_value

_SORTED = frozenset({str, int, bool, Decimal, datetime, date, UUID})
_KEPT = _SORTED | {Money}
_LISTS = (tuple, frozenset)
_KNOWN = (
    "Take str, int, bool, Decimal, Money, UUID, datetime, date, an Enum or a Literal of texts, a frozen attrs class, "
    "a tuple[…, ...] or a frozenset of these, or one of them | None."
)


def unkept(hint: Any, *, within: tuple[Any, ...] = ()) -> str | None:
    """Why values of a type cannot be kept as JSON and come back equal; None if they can."""
    known = hint_of(hint)
    kind = known.type
    if known.choices or kind in _KEPT:
        fits = all(isinstance(one, str) for one in known.choices)
    elif is_enum(kind):
        fits = _is_plain_enum(kind)
    elif kind in _LISTS:
        if not known.inside or (kind is tuple and (len(known.inside) != 2 or known.inside[1] is not Ellipsis)):
            return f"Say what is in it, as tuple[str, ...] or frozenset[str] do. {_KNOWN}"
        return unkept(known.inside[0], within=within)
    elif is_value(kind) and kind not in within and kind.__delattr__ is not object.__delattr__:
        return next(
            (problem for one in entries_of(kind).values() if (problem := unkept(one.hint, within=(*within, kind)))),
            None,
        )
    else:
        fits = False
    return None if fits else f"{getattr(kind, '__name__', kind)} cannot be kept. {_KNOWN}"


def is_sortable(known: Hint) -> bool:
    """Whether the order of such values can be an order of texts."""
    return bool(known.choices) or known.type in _SORTED or is_enum(known.type)


def holds_text(hint: Any) -> bool:
    """Whether a person's data may stand in it: what is marked personal, and text that is not marked as a code."""
    mark = mark_of(hint)
    if mark is not None:
        return mark is PERSONAL
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    known = hint_of(hint)
    if known.choices:
        return False
    if is_value(known.type):
        return known.type is not Money and any(holds_text(entry.hint) for entry in entries_of(known.type).values())
    return known.type is str if not get_args(hint) else any(holds_text(part) for part in get_args(hint))


def _is_plain_enum(kind: type[Enum]) -> bool:
    """Members that are texts, or whole numbers: what they stand for has an order."""
    values: list[object] = [member.value for member in kind]
    return bool(values) and any(all(type(value) is plain for value in values) for plain in (str, int))
