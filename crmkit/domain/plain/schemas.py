"""JSON Schema (2020-12) of what `to_builtins` writes."""

from __future__ import annotations

import inspect
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID

from crmkit.domain.custom import Custom
from crmkit.domain.events import BY_TOPIC, Event
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.money import Money
from crmkit.domain.plain.hints import Hint, entries_of, hint_of, is_enum, is_event, is_value
from crmkit.domain.plain.writing import to_builtins
from crmkit.domain.query import Page
from crmkit.domain.where import Where
from crmkit.errors import Fault, Invalid

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DECIMAL = r"^-?[0-9]+(\.[0-9]+)?$"


def json_schema(type: Any) -> Schema:
    """
    Describe the JSON of a type as JSON Schema, 2020-12; fields marked personal say `"x-personal": true`.

    >>> from crmkit import Money
    >>> json_schema(Money)["properties"]["currency"]
    {'type': 'string', 'pattern': '^[A-Z]{3}$'}
    """
    definitions: dict[str, Schema] = {}
    described = _of(type, definitions)
    return {"$schema": DIALECT, **described, **({"$defs": definitions} if definitions else {})}


def _of(hint: Any, definitions: dict[str, Schema]) -> Schema:
    known = hint_of(hint)
    schema = _without_none(known, definitions)
    if known.optional:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "x-personal": True} if known.personal else schema


def _without_none(known: Hint, definitions: dict[str, Schema]) -> Schema:
    if known.choices:
        return {"enum": list(known.choices)}
    if (plain := _PLAIN.get(known.type)) is not None:
        return dict(plain)
    if known.type in (tuple, list, frozenset) and known.inside:
        items: Schema = {"type": "array", "items": _of(known.inside[0], definitions)}
        return {**items, "uniqueItems": True} if known.type is frozenset else items
    if known.type is FrozenMap and known.inside:
        return {"type": "object", "additionalProperties": _of(known.inside[1], definitions)}
    if known.type is Page and known.inside:
        items = {"type": "array", "items": _of(known.inside[0], definitions)}
        return _object({"items": items, "next": {"type": ["string", "null"]}}, ["items", "next"])
    if is_enum(known.type):
        members = cast("type[Enum]", known.type)
        return {"enum": [to_builtins(member) for member in members]}
    if known.type is Event:
        return {"oneOf": [_named(told, definitions) for _, told in sorted(BY_TOPIC.items())]}
    if is_value(known.type):
        return _named(known.type, definitions)
    name = getattr(known.type, "__name__", str(known.type))
    raise Invalid(Fault("type", "not_json", f"crmkit writes no {name} as JSON; a generic type says what is in it."))


def _named(kind: type[Any], definitions: dict[str, Schema]) -> Schema:
    """A reference to a class's schema, which is described once."""
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # taken, should it be met again on the way
        definitions[kind.__name__] = _described(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _described(kind: type[Any], definitions: dict[str, Schema]) -> Schema:
    entries = entries_of(kind)
    properties = {name: _of(entry.hint, definitions) for name, entry in entries.items()}
    required = [name for name, entry in entries.items() if entry.required]
    if is_event(kind):
        properties, required = {"topic": {"const": kind.topic}, **properties}, ["topic", *required]
    says = (inspect.getdoc(kind) or "").partition("\n")[0]
    return {"title": kind.__name__, "description": says, **_object(properties, required)}


def _object(properties: dict[str, Schema], required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: {"type": "number"},
    UUID: {"type": "string", "format": "uuid"},
    Decimal: {"type": "string", "pattern": _DECIMAL},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    timedelta: {"type": "number"},
    Money: _object(
        {"amount": {"type": "string", "pattern": _DECIMAL}, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}},
        ["amount", "currency"],
    ),
    Custom: {"type": "object", "additionalProperties": {"type": ["string", "integer"]}},
    Where: {"type": "object"},
}
