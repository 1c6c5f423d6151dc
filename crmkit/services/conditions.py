"""Say whether a condition can be asked of a kind of record."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from crmkit.domain.custom import Field
from crmkit.domain.money import Money
from crmkit.domain.where import DEEPEST, Test, Where, depth, tests_in
from crmkit.services.checks import Checks

#: How many tests one condition may hold: SQLite nests no deeper than 1,000.
MOST_TESTS = 500
_COMPARED = {"lt", "le", "gt", "ge"}


def checked(
    check: Checks, kind: type[Any], where: object, fields: Mapping[tuple[str, str], Field[Any]], path: str = "where"
) -> None:
    """Note a fault for each test of *where* that makes no sense for *kind*."""
    if not isinstance(where, Where):
        check.fault(path, "not_a_condition", "Build a condition from field handles, such as F.client.owner.eq('17').")
        return
    if depth(where) > DEEPEST:
        check.fault(path, "too_deep", f"Nest a condition at most {DEEPEST} deep. Use in_ for many values.")
        return
    tests = list(tests_in(where))
    if len(tests) > MOST_TESTS:
        check.fault(path, "too_many", f"Ask at most {MOST_TESTS} tests at once. Use in_ for many values of one field.")
        return
    for test in tests:
        if problem := _problem(kind, test, fields):
            check.fault(path, "unknown", problem)


def _problem(kind: type[Any], test: Test, fields: Mapping[tuple[str, str], Field[Any]]) -> str | None:
    record = kind.__name__.lower()
    if test.field.startswith("custom."):
        if (field := fields.get((record, test.field[7:]))) is None:
            return f"{test.field} is no custom field of a {record} here."
        if field.kind in (Money, UUID) and test.op not in ("eq", "in"):
            return f"{test.field} can be asked for equality only."
        stored: type[Any] = int if field.kind.__name__ in ("int", "bool", "Decimal", "datetime") else str
        return _misfit(test, frozenset if field.kind is frozenset else stored)
    holds = _types(cast("Hashable", kind)).get(test.field)
    if holds is None:
        return f"A {record} has no field {test.field} to ask about."
    if problem := _misfit(test, holds):
        return problem
    words, asked = _words(cast("Hashable", kind)).get(test.field, ()), test.value if test.op == "in" else (test.value,)
    if words and test.op in ("eq", "in") and not all(one is None or one in words for one in asked):
        return f"{test.field} is one of: {', '.join(words)}."
    return None


def _misfit(test: Test, holds: type[Any]) -> str | None:
    if test.value is None:
        return None
    if (test.op == "has") != (holds is frozenset):
        return f"{test.field} takes .has(…), and only sets do." if holds is frozenset else f"{test.field} is no set."
    if (test.op == "starts_with" and holds is not str) or (test.op in _COMPARED and holds not in (str, int, datetime)):
        return f"{test.field} cannot be asked {test.op}."
    wanted: type[Any] = str if holds is frozenset else holds
    values: Any = test.value if test.op == "in" else (test.value,)
    if not isinstance(values, tuple):
        return f"{test.field} is looked for among several values."
    for value in values:  # pyright: ignore[reportUnknownVariableType]  # what callers hand in
        if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
            return f"{test.field} is compared with a {wanted.__name__}."
        if isinstance(value, datetime) and value.utcoffset() is None:
            return f"{test.field} is compared with an aware datetime, such as datetime.now(UTC)."
        if isinstance(value, int) and abs(value) >= 2**63:
            return f"{test.field} is compared with a number of at most 64 bits."
        if isinstance(value, str) and ("\x00" in value or (not value.isascii() and not _encodes(value))):
            return f"{test.field} is compared with a text without NUL or half characters."
    return None


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@cache
def _words(kind: Hashable) -> dict[str, tuple[str, ...]]:
    """What may stand in a field that holds one of a few words."""
    found = {name: _without_none(hint) for name, hint in get_type_hints(kind).items()}
    return {name: get_args(hint) for name, hint in found.items() if get_origin(hint) is Literal}


@cache
def _types(kind: Hashable) -> dict[str, type[Any]]:
    """What each field that can be asked about holds."""
    found = {name: _plain(hint) for name, hint in get_type_hints(kind).items()}
    return {name: plain for name, plain in found.items() if plain in (str, int, bool, datetime, UUID, frozenset)}


def _without_none(hint: Any) -> Any:
    if get_origin(hint) is UnionType or NoneType in get_args(hint):
        (hint,) = [option for option in get_args(hint) if option is not NoneType]
    return hint


def _plain(hint: Any) -> Any:
    hint = _without_none(hint)
    hint = getattr(hint, "__supertype__", hint)
    if get_origin(hint) is Literal:
        return str
    return get_origin(hint) or hint
