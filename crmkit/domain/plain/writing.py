"""Values to plain JSON types."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID

import attrs

from crmkit.domain.custom import Custom
from crmkit.domain.events import Event
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.money import Money
from crmkit.domain.query import Page
from crmkit.domain.secret import Secret
from crmkit.domain.where import Where, to_json
from crmkit.errors import Fault, Invalid


def to_builtins(value: object) -> Any:
    """
    Turn a value into dicts, lists, texts and numbers that `json.dumps` takes; personal data is in it, unmasked.

    Ids and decimals become texts, dates and instants RFC 3339, durations seconds, sets sorted lists, members of an
    `Enum` what they stand for, attrs classes objects; events name their `topic`. What crmkit does not know is `Invalid`.

    >>> from crmkit import Money
    >>> to_builtins({"total": Money("10.5", "EUR")})
    {'total': {'amount': '10.50', 'currency': 'EUR'}}
    """
    kind: type[Any] = type(value)
    if (write := _WRITES.get(kind)) is not None:
        return write(value)
    if isinstance(value, Where):
        return to_json(value)
    if attrs.has(kind):
        said = {name: to_builtins(getattr(value, name)) for name in (field.name for field in attrs.fields(kind))}
        return {"topic": value.topic, **said} if isinstance(value, Event) else said
    for known, write in _ANCESTORS:
        if isinstance(value, known):
            return write(value)
    raise _unknown(kind)


def _unknown(kind: type[Any]) -> Invalid:
    return Invalid(
        Fault(
            "value",
            "not_json",
            f"crmkit has no JSON for a {kind.__name__}. Give values of crmkit's own, or of an attrs class.",
        )
    )


def _instant(at: datetime) -> str:
    offset = at.utcoffset()
    if offset is None:
        raise Invalid(Fault("value", "naive", "Give an aware datetime, such as datetime.now(UTC)."))
    if offset % timedelta(minutes=1):  # RFC 3339 knows no seconds in an offset
        at = at.astimezone(UTC)
    text = at.isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def _duration(span: timedelta) -> int | float:
    whole, rest = divmod(span, timedelta(seconds=1))
    return whole + rest / timedelta(seconds=1) if rest else whole


def _number(value: float) -> float:
    if math.isfinite(value):
        return value
    raise Invalid(Fault("value", "not_finite", "JSON has no infinity and no NaN."))


def _list(values: Any) -> list[Any]:
    return [to_builtins(value) for value in values]


def _sorted(values: Any) -> list[Any]:
    written = _list(values)
    return sorted(written) if all(type(one) is str for one in written) else written


def _object(pairs: Mapping[Any, Any]) -> dict[str, Any]:
    if not all(isinstance(key, str | UUID) for key in pairs):
        raise Invalid(Fault("value", "not_a_key", "The keys of a JSON object are texts or ids."))
    return {str(key): to_builtins(value) for key, value in pairs.items()}


def _same(value: Any) -> Any:
    return value


_WRITES: dict[type[Any], Callable[[Any], Any]] = {
    str: _same,
    int: _same,
    bool: _same,
    type(None): _same,
    float: _number,
    UUID: str,
    Decimal: lambda value: f"{value:f}",
    date: date.isoformat,
    datetime: _instant,
    timedelta: _duration,
    Money: lambda money: {"amount": f"{money.amount:f}", "currency": money.currency},
    Custom: lambda custom: dict(custom.raw),
    Secret: str,
    Page: lambda page: {"items": _list(page.items), "next": page.next},
    dict: _object,
    FrozenMap: _object,
    list: _list,
    tuple: _list,
    frozenset: _sorted,
    set: _sorted,
}
_ANCESTORS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda member: to_builtins(member.value)),
    (datetime, _instant),
    (str, lambda value: str.__str__(cast(str, value))),
    (Mapping, _object),
    (list, _list),
    (tuple, _list),
)
