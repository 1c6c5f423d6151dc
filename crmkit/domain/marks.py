"""What a text field holds, said in its type: a person's data, or a code that says nothing of anybody.

Every text field of every record carries one of the two. The personal ones are masked in `repr`, appear in events
by name only, and are what export, erasure and encryption go by (GDPR art. 4(1), 152-FZ art. 3).
"""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Mark(Enum):
    """The two kinds of text."""

    PERSONAL = "personal"
    CODE = "code"


PERSONAL = Mark.PERSONAL
CODE = Mark.CODE

#: A person's data, and all free text: `name: Personal[str]`.
Personal = Annotated[T, PERSONAL]
#: A key or code of the host's or ours: `stage: Code[str]`.
Code = Annotated[T, CODE]


def mark_of(hint: Any) -> Mark | None:
    """
    Say how a type is marked, None if it is not.

    >>> mark_of(Personal[str]), mark_of(int)
    (<Mark.PERSONAL: 'personal'>, None)
    """
    if get_origin(hint) is Annotated:
        return next((mark for mark in get_args(hint)[1:] if isinstance(mark, Mark)), None)
    return None


def personal_fields(kind: type[Any]) -> frozenset[str]:
    """Name the fields of a class that are marked personal."""
    return _personal_fields(cast("Hashable", kind))


@cache
def _personal_fields(kind: Hashable) -> frozenset[str]:
    hints = get_type_hints(kind, include_extras=True)
    return frozenset(name for name, hint in hints.items() if mark_of(hint) is PERSONAL)


class Masked:
    """A value whose `repr` hides what its fields mark as personal; attributes show everything."""

    __slots__ = ("__weakref__",)  # here and not in each record: see `crmkit.domain.thawed`

    def __init_subclass__(cls) -> None:
        cls.__repr__ = _masked_repr  # type: ignore[method-assign]  # attrs keeps a repr it finds in the class itself


def _masked_repr(value: Any) -> str:
    kind = value.__class__
    hidden, names = personal_fields(kind), [str(field.name) for field in kind.__attrs_attrs__]
    pairs = [
        f"{name}={'…' if name in hidden else repr(getattr(value, name))}" for name in names if getattr(value, name)
    ]
    return f"{kind.__name__}({', '.join(pairs)})"
