"""The header fields of a message: found however their names are spelt, told in logs by name only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

#: RFC 9110, section 5.6.2.
is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_is_value = re.compile(r"[\t\x20-\x7e\x80-\xff]*").fullmatch


def masked(_: object) -> str:
    """Hide in a `repr` what strangers sent: it is a person's data more often than not."""
    return "…"


class Headers(Mapping[str, str]):
    """
    Header fields that do not change; a name is found in any spelling, repeated fields are joined by commas.

    >>> headers = Headers([("Webhook-Id", "m1"), ("Via", "a"), ("Via", "b")])
    >>> headers["webhook-id"], headers["VIA"], headers
    ('m1', 'a, b', Headers(webhook-id, via))
    """

    __slots__ = ("_values", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        given = pairs.pairs if isinstance(pairs, Headers) else _pairs(pairs)
        #: Every field in the order given, as it was spelt.
        self.pairs: tuple[tuple[str, str], ...] = tuple((name, value) for name, value in given)
        self._values: dict[str, str] = {}
        for name, value in self.pairs:
            key = name.lower()
            self._values[key] = f"{self._values[key]}, {value}" if key in self._values else value

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, Headers) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._values)})"


def _pairs(given: Iterable[tuple[str, str]] | Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return cast("Mapping[str, str]", given).items() if isinstance(given, Mapping) else given


def unsendable(headers: Headers, ours: frozenset[str]) -> list[str]:
    """Say what is wrong with headers that are to be sent: line breaks are injections, and *ours* we say ourselves."""
    said = list[str]()
    for name, value in headers.pairs:
        if not is_token(name):
            said.append("A header's name is letters, digits and dashes.")
        elif name.lower() in ours:
            said.append(f"Leave {name.lower()} out; crmkit says it.")
        elif not _is_value(value):
            said.append(f"Give {name.lower()} as one line of Latin-1 text.")
    return said
