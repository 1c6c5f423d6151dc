"""Which records of one kind have a token that begins so: found by bisection, written down when first searched for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from crmkit.domain.client import Client
from crmkit.domain.contact import Contact
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.records import Record
from crmkit.domain.search import tokens_of

if TYPE_CHECKING:
    from crmkit.storage.memory.table import Number

#: Up to so many new tokens a search looks through before they are sorted in among the others.
FEW_NEW = 1000
#: What tokens come from.
_TEXTS: dict[type[Record], attrgetter[Any]] = {
    Client: attrgetter("name"),
    Contact: attrgetter("name"),
    ContactPoint: attrgetter("value", "match_key", "kind"),
}


class Tokens:
    """
    The numbers of records by their tokens.

    A change is only noted, for most are never searched for; the next search writes down what was noted. A token of one
    record holds its number, one of several their set: most phones and emails are of one.
    """

    __slots__ = ("_gone", "_new", "_noted", "_numbers", "_rows", "_sorted", "_texts")

    def __init__(self, kind: type[Record], rows: Mapping[Number, Any | None]) -> None:
        self._texts = _TEXTS[kind]
        self._rows = rows
        self._noted: dict[Number, Any | None] = dict.fromkeys(rows)
        self._numbers: dict[str, Number | set[Number]] = {}
        self._sorted: list[str] = []
        self._new: list[str] = []
        self._gone = 0

    def note(self, number: Number, before: Any | None, after: Any | None) -> None:
        """Remember that a record is about to change; of several changes the first says what is written down."""
        if before is None or after is None or self._texts(before) != self._texts(after):
            self._noted.setdefault(number, before)

    def find(self, word: tuple[str, ...]) -> set[Number]:
        """The numbers of the records that have a token beginning with one of *word*."""
        self._write_down()
        found: set[Number] = set()
        for token in self._beginning(word):
            numbers = self._numbers.get(token, ())
            found.update(numbers if isinstance(numbers, (set, tuple)) else (numbers,))
        return found

    def breadth(self, word: tuple[str, ...]) -> int:
        """How many tokens begin with one of *word*, the newest left out."""
        self._write_down()
        return sum(end - start for start, end in map(self._range, word))

    def _beginning(self, word: tuple[str, ...]) -> list[str]:
        found = [token for token in self._new if token.startswith(word)]
        for start, end in map(self._range, word):
            found += self._sorted[start:end]
        return found

    def _range(self, beginning: str) -> tuple[int, int]:
        start = bisect_left(self._sorted, beginning)
        end = bisect_left(self._sorted, True, start, key=lambda token: not token.startswith(beginning))
        return start, end

    def _write_down(self) -> None:
        for number, before in self._noted.items():
            after = self._rows.get(number)
            old = frozenset[str]() if before is None else tokens_of(before)
            new = frozenset[str]() if after is None else tokens_of(after)
            for token in old - new:
                self._remove(token, number)
            for token in new - old:
                self._add(token, number)
        self._noted = {}
        if len(self._new) > FEW_NEW:
            self._sort()

    def _add(self, token: str, number: Number) -> None:
        if (numbers := self._numbers.get(token)) is None:
            self._numbers[token] = number
            self._new.append(token)
        elif isinstance(numbers, set):
            numbers.add(number)
        else:
            self._numbers[token] = {numbers, number}

    def _remove(self, token: str, number: Number) -> None:
        numbers = self._numbers[token]
        if isinstance(numbers, set):
            numbers.discard(number)
            if numbers:
                return
        del self._numbers[token]  # where it was sorted in it stays, and finds nobody
        self._gone += 1

    def _sort(self) -> None:
        if self._gone > len(self._numbers):
            self._sorted, self._gone = sorted(self._numbers), 0
        else:
            self._sorted += self._new
            self._sorted.sort()
        self._new = []
