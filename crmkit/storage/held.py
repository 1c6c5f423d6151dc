"""What each field of each record holds, read from its type once: the one account every adapter goes by."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from crmkit.domain.datum import INDEXED
from crmkit.domain.marks import Mark, mark_of
from crmkit.domain.once import once_for_each
from crmkit.domain.sortable import LONGEST

#: Texts that are looked up whatever their mark, and how long each may be: databases index no long ones.
SHORT = {"match_key": 320, "key": 100, **dict.fromkeys(INDEXED, LONGEST + 1)}


@attrs.frozen
class Held:
    """
    One field: its plain type (`str`, `UUID`, `Money`, `frozenset`…), the types inside, its mark.

    `choices` are the codes of a `Literal`, whose plain type is `str`.
    """

    name: str
    type: type[Any]
    inside: tuple[Any, ...] = ()
    optional: bool = False
    mark: Mark | None = None
    choices: tuple[str, ...] = ()


@once_for_each
def held_in(kind: type[Any]) -> Mapping[str, Held]:
    """
    Every field of an attrs class by name, in the order of the class.

    >>> from crmkit.domain.client import Client
    >>> held_in(Client)["owner"].type, held_in(Client)["owner"].optional
    (<class 'str'>, True)
    """
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: held(field.name, hints[field.name]) for field in attrs.fields(kind)}


def held(name: str, hint: Any) -> Held:
    """Read one type hint."""
    mark = mark_of(hint)
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    optional = get_origin(hint) in (UnionType, Union) and NoneType in get_args(hint)
    if optional:
        (hint,) = [option for option in get_args(hint) if option is not NoneType]
    hint = getattr(hint, "__supertype__", hint)
    if get_origin(hint) is Literal:
        return Held(name, str, (), optional, mark, get_args(hint))
    return Held(name, get_origin(hint) or hint, get_args(hint), optional, mark)
