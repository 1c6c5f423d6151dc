"""Type hints taken apart: what readers and schemas both need to know of one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from crmkit.domain.events import Event
from crmkit.domain.marks import PERSONAL, mark_of
from crmkit.domain.once import once_for_each
from crmkit.domain.query import Page


@attrs.frozen
class Hint:
    """A type without what hides it: its plain type, the types inside, whether it may be None, a Literal's choices."""

    type: Any
    inside: tuple[Any, ...] = ()
    optional: bool = False
    personal: bool = False
    choices: tuple[str, ...] = ()


def hint_of(hint: Any) -> Hint:
    """
    Take a type apart.

    >>> hint_of(Page[int] | None)
    Hint(type=<class 'crmkit.domain.query.Page'>, inside=(<class 'int'>,), optional=True, personal=False, choices=())
    """
    personal = mark_of(hint) is PERSONAL
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    optional = get_origin(hint) in (UnionType, Union) and NoneType in get_args(hint)
    if optional:
        options = tuple(option for option in get_args(hint) if option is not NoneType)
        inner = hint_of(Union[options])  # noqa: UP007  # made from a tuple
        return attrs.evolve(inner, optional=True, personal=personal or inner.personal)
    hint = getattr(hint, "__supertype__", hint)
    if get_origin(hint) is Literal:
        return Hint(str, (), optional, personal, get_args(hint))
    return Hint(get_origin(hint) or hint, get_args(hint), optional, personal)


@attrs.frozen
class Entry:
    """One key of a JSON object: its hint, whether it may be left out, whether the class takes it at all."""

    hint: Any
    required: bool
    given: bool = True


@once_for_each
def entries_of(kind: type[Any]) -> Mapping[str, Entry]:
    """The fields of an attrs class, as the keys of its JSON object."""
    hints = get_type_hints(kind, include_extras=True)
    fields = attrs.fields(kind)
    return {field.name: Entry(hints[field.name], field.default is attrs.NOTHING, field.init) for field in fields}


def is_value(kind: Any) -> bool:
    """Say whether values of this type are JSON objects of their fields."""
    return isinstance(kind, type) and attrs.has(kind) and kind is not Page


def is_enum(kind: Any) -> bool:
    """Say whether values of this type are one of a few, written as what they stand for."""
    return isinstance(kind, type) and issubclass(kind, Enum)


def is_event(kind: Any) -> bool:
    """Say whether this is a class of events: their JSON names its topic."""
    return isinstance(kind, type) and issubclass(kind, Event)
