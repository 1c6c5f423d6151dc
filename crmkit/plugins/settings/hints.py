"""Annotations of settings taken apart: what the reader, the check and the reference all need to know of one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, Flag
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import attrs

from crmkit.domain.secret import Secret
from crmkit.plugins.settings.declaring import EXAMPLE, HELP
from crmkit.plugins.settings.scalars import scalar_of

Form = Literal["scalar", "secret", "choice", "table", "list", "set", "map", "unknown"]


@attrs.frozen
class Hint:
    """A type without what hides it: its form, its plain type, what it holds, whether it may be left empty."""

    form: Form
    type: Any
    inside: Any = None
    optional: bool = False

    def choices(self) -> tuple[tuple[object, object], ...]:
        """What may be written, each with the value it stands for."""
        if isinstance(self.type, type):
            return tuple((member.value, member) for member in cast("type[Enum]", self.type))
        return tuple((choice, choice) for choice in get_args(self.type))


def hint_of(hint: Any) -> Hint:
    """
    Take a type apart.

    >>> hint_of(tuple[int, ...] | None)
    Hint(form='list', type=<class 'tuple'>, inside=<class 'int'>, optional=True)
    """
    hint = _bare(hint)
    if get_origin(hint) in (Union, UnionType):
        options = [option for option in get_args(hint) if option is not NoneType]
        if len(options) == 1 and len(get_args(hint)) > 1:
            return attrs.evolve(hint_of(options[0]), optional=True)
        return Hint("unknown", hint)
    return _plain(hint)


def _bare(hint: Any) -> Any:
    """Without `Annotated`, aliases, and new types that are not ours."""
    while scalar_of(hint) is None:
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif type(hint).__name__ == "TypeAliasType":
            hint = hint.__value__
        elif (inner := getattr(hint, "__supertype__", None)) is not None:
            hint = inner
        else:
            break
    return hint


def _plain(hint: Any) -> Hint:
    origin, args = get_origin(hint), get_args(hint)
    if scalar_of(hint) is not None:
        return Hint("scalar", hint)
    if hint is Secret:
        return Hint("secret", hint)
    if origin is Literal or _is_enum(hint):
        made = Hint("choice", hint)
        known = all(type(written) in (str, int, bool) for written, _ in made.choices())
        return made if known and made.choices() else Hint("unknown", hint)
    if is_table(hint):
        return Hint("table", hint)
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        return Hint("list", tuple, args[0])
    if origin is frozenset and hint_of(args[0]).form in ("scalar", "secret", "choice"):
        return Hint("set", frozenset, args[0])
    if origin is Mapping:
        return Hint("map", Mapping, args[1]) if hint_of(args[0]) == Hint("scalar", str) else Hint("unknown", hint)
    return Hint("unknown", hint)


def _is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Enum) and not issubclass(hint, Flag)


def is_table(hint: Any) -> bool:
    """Say whether this is a class of settings, and no text or number beside."""
    return isinstance(hint, type) and attrs.has(hint) and not issubclass(hint, (str, int, float, tuple, Mapping))


@attrs.frozen
class Entry:
    """One setting of a class: its key, its type, its attrs field."""

    key: str
    hint: Any
    field: attrs.Attribute[Any]

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.field.default is attrs.NOTHING

    @property
    def help(self) -> str:
        """What it is for."""
        return str(self.field.metadata.get(HELP) or "")

    @property
    def example(self) -> object:
        """What it may look like; None if its author did not say."""
        return cast(object, self.field.metadata.get(EXAMPLE))


def entries_of(kind: type[Any]) -> tuple[Entry, ...]:
    """The settings of a class, as its author ordered them. An annotation that cannot be read raises what it raises."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        Entry(field.alias or field.name, hints.get(field.name), field) for field in attrs.fields(kind) if field.init
    )
