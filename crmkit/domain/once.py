"""What is worked out once for each type and then kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeVar, cast

K = TypeVar("K")
V = TypeVar("V")


def once_for_each(make: Callable[[K], V]) -> Callable[[K], V]:
    """
    `functools.cache` with the signature left as it is: type checkers do not take every class for hashable.

    >>> @once_for_each
    ... def name_of(kind: type[object]) -> str:
    ...     return kind.__name__
    >>> name_of(int)
    'int'
    """
    return cast(Callable[[K], V], cache(make))
