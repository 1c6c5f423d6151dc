"""Values as short texts in the same order, so that any storage can look them up and sort by them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

#: How many characters may stand for a value; one more says that there is one.
LONGEST = 100
_WHOLE = 2**63
_UNFIT = "There is no short text that sorts as this value does."
_COMPLEMENT = str.maketrans("0123456789", "9876543210")


def sortable(value: object) -> str:
    """
    Write a value so that texts compare, letter by letter, as the values do; `ValueError` for what cannot be written.

    None is the empty text, before all others.

    >>> sorted([10, -2, 9], key=sortable)
    [-2, 9, 10]
    """
    if value is None:
        return ""
    if isinstance(value, Enum):
        return sortable(value.value)
    for kind, write in _WRITES:
        if isinstance(value, kind):
            text = f"={write(value)}"  # not even the empty text is like None
            if len(text) > LONGEST + 1:
                break
            return text
    raise ValueError(_UNFIT)


def _number(value: int) -> str:
    if not -_WHOLE <= value < _WHOLE:
        raise ValueError(_UNFIT)
    return f"{value + _WHOLE:020d}"


def _instant(at: datetime) -> str:
    if at.utcoffset() is None:
        raise ValueError(_UNFIT)
    try:
        return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    except OverflowError:
        raise ValueError(_UNFIT) from None


def _decimal(value: Decimal) -> str:
    """Sign, place of the first digit, digits. Of negative ones all digits are turned, and the end is above them."""
    if not value.is_finite():
        raise ValueError(_UNFIT)
    if not value:
        return "1"
    digits = "".join(map(str, value.as_tuple().digits)).rstrip("0")
    place = value.adjusted() + 5000
    if not 0 <= place <= 9999:
        raise ValueError(_UNFIT)
    text = f"{place:04d}{digits}"
    return f"2{text}" if value > 0 else f"0{text.translate(_COMPLEMENT)}~"


_WRITES: tuple[tuple[type[Any], Callable[[Any], str]], ...] = (
    (str, str.__str__),
    (bool, lambda value: "1" if value else "0"),
    (int, _number),
    (Decimal, _decimal),
    (datetime, _instant),
    (date, date.isoformat),
    (UUID, lambda value: f"{value.int:032x}"),
)
