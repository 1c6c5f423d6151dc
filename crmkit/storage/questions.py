"""Checks a question before any adapter answers it, so that all refuse the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from crmkit.domain.money import Money
from crmkit.domain.query import Query
from crmkit.domain.where import Test, Where, tests_in
from crmkit.errors import Fault, Invalid
from crmkit.storage.held import Held, held_in

#: How many values one `in` may name: SQLite takes 32,766 parameters, and lists are filled up to a power of two.
MOST_VALUES = 16_384
#: What has an order every storage agrees on.
ORDERED = frozenset({str, int, bool, datetime, UUID})
_WHOLE = 2**63


def check(query: Query[Any]) -> None:
    """Raise `Invalid` for fields the record does not have and for values no storage could compare."""
    held = held_in(query.kind)
    if query.order_by != "id" and (query.order_by not in held or held[query.order_by].type not in ORDERED):
        raise Invalid(Fault("order_by", "unknown", f"There is no field {query.order_by!r} to order by."))
    check_where(query.kind, query.where)


def check_where(kind: type[Any], where: Where) -> None:
    """Raise `Invalid` with every fault of a condition."""
    held = held_in(kind)
    if faults := [fault for test in tests_in(where) for fault in _faults(held, test)]:
        raise Invalid(*faults)


def _faults(held: Mapping[str, Held], test: Test) -> list[Fault]:
    name, value = test.field, test.value
    if not _asked_rightly(held, test):
        return [Fault("where", "unknown_field", f"{test.op} of {name!r} cannot be asked of this record.")]
    values = value if test.op == "in" else (value,)
    if len(values) > MOST_VALUES:
        return [Fault("where", "too_many", f"Ask for at most {MOST_VALUES} values of {name} at once.")]
    if not all(map(_storable, values)):
        return [Fault("where", "not_storable", f"A value given for {name} cannot be stored, so nothing equals it.")]
    return []


def _asked_rightly(held: Mapping[str, Held], test: Test) -> bool:
    if test.field.startswith("custom."):
        return "custom" in held and test.field[7:].isidentifier() and test.field.isascii()
    if (field := held.get(test.field)) is None:
        return False
    if field.type is frozenset:
        return test.op == "has" or test.value is None
    return field.type in ORDERED or (field.type is Money and test.value is None)


def _storable(value: Any) -> bool:
    if isinstance(value, int):
        return -_WHOLE <= value < _WHOLE
    if isinstance(value, str):
        return "\x00" not in value and (value.isascii() or _is_text(value))
    if isinstance(value, datetime):
        return value.tzinfo is not None
    return value is None or isinstance(value, UUID)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
