"""Take fields out of a receipt that somebody hands in; what is missing is a `ValueError` that names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, cast

Json: TypeAlias = Mapping[str, object]


def parts(data: Json, name: str) -> list[Json]:
    """The objects of a list, at least one; an object by itself is a list of one."""
    found = data.get(name)
    listed = cast("list[object]", found) if isinstance(found, list) else [found]
    if not listed or not all(isinstance(one, Mapping) for one in listed):
        raise missing(name)
    return cast("list[Json]", listed)


def part(data: Json, name: str) -> Json:
    """An object, or the first of a list of them."""
    return parts(data, name)[0]


def text(data: Json, name: str) -> str:
    """A text, or the first of a list of them."""
    found = data.get(name)
    listed = cast("list[object]", found) if isinstance(found, list) else [found]
    if not listed or not isinstance(listed[0], str):
        raise missing(name)
    return listed[0]


def missing(name: str) -> ValueError:
    """What is raised for a field that is not there, or is of another kind."""
    return ValueError(f"{name}: it is missing.")
