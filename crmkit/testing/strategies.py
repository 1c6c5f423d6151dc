"""Hypothesis strategies for crmkit's values, made from their types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from crmkit.domain.custom import Custom
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.money import Money
from crmkit.domain.plain.hints import Hint, entries_of, hint_of, is_enum
from crmkit.domain.query import Page

Values = st.SearchStrategy[Any]
#: What no crmkit text holds: half characters, and the sign that ends texts in C.
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
whole = st.integers(-(2**63), 2**63 - 1)
zones = st.just(UTC) | st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001  # zones follow
keys = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True)


def values_of(hint: Any) -> Values:
    """Values of a type, by its hint: records, events, and everything in them."""
    known = hint_of(hint)
    values = _values(known)
    return values | st.none() if known.optional else values


def _values(known: Hint) -> Values:
    if known.choices:
        return st.sampled_from(known.choices)
    if is_enum(known.type):
        return st.sampled_from(known.type)
    if (made := _MADE.get(known.type)) is not None:
        return made
    if (inside := _INSIDE.get(known.type)) is not None:
        return inside(known)
    return st.deferred(lambda: _attrs(known.type))


def _attrs(kind: type[Any]) -> Values:
    return st.builds(kind, **{name: values_of(entry.hint) for name, entry in entries_of(kind).items()})


def _money(units: int, currency: str) -> Money:
    return Money(Decimal(units).scaleb(-4), currency)


_MADE: dict[Any, Values] = {
    str: text,
    int: whole,
    bool: st.booleans(),
    UUID: st.uuids(),
    datetime: instants,
    timedelta: st.timedeltas(timedelta(days=-36500), timedelta(days=36500)),
    date: st.dates(),
    Money: st.builds(_money, st.integers(-(10**18) + 1, 10**18 - 1), st.sampled_from(["EUR", "RUB", "JPY"])),
    Custom: st.builds(Custom, st.dictionaries(keys, text | whole, max_size=3)),
}
_INSIDE: dict[Any, Callable[[Hint], Values]] = {
    tuple: lambda known: st.lists(values_of(known.inside[0]), max_size=3).map(tuple),
    frozenset: lambda known: st.frozensets(values_of(known.inside[0]), max_size=3),
    FrozenMap: lambda known: st.builds(
        FrozenMap[str, Any], st.dictionaries(text, values_of(known.inside[1]), max_size=3)
    ),
    Page: lambda known: st.builds(
        Page[Any], st.lists(values_of(known.inside[0]), max_size=3).map(tuple), text | st.none()
    ),
}
