"""A mapping that cannot change, so that it may sit in a frozen value, be hashed, pickled and shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

K = TypeVar("K")
V_co = TypeVar("V_co", covariant=True)


class FrozenMap(Mapping[K, V_co]):
    """
    A small immutable mapping.

    >>> FrozenMap({"shop": "42"})["shop"]
    '42'
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Mapping[K, V_co] | None = None) -> None:
        self._pairs: dict[K, V_co] = dict(pairs) if pairs is not None else {}

    def __getitem__(self, key: K) -> V_co:
        return self._pairs[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrozenMap):
            return NotImplemented
        return self._pairs == cast("FrozenMap[K, V_co]", other)._pairs

    def __hash__(self) -> int:
        return hash(frozenset(self._pairs.items()))

    def __repr__(self) -> str:
        return f"FrozenMap({', '.join(map(str, self._pairs))})"
