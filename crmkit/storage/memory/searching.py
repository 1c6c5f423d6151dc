"""Who answers a question: the narrowest word first, so that the broad ones are asked of few."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from crmkit.domain.search import Question, client_of
from crmkit.storage.memory.table import Number, Overlay, Table

#: Looking through one client's tokens costs as much as so many tokens of all clients.
DEAR = 32


class Layers:
    """The records of one kind as a transaction sees them: its overlay over the table."""

    __slots__ = ("_over", "_overlay", "_table")

    def __init__(self, table: Table, overlay: Overlay | None) -> None:
        self._table = table
        self._overlay = overlay
        self._over = {} if overlay is None else overlay.rows

    def breadth(self, word: tuple[str, ...]) -> int:
        """How many tokens begin so, at a guess."""
        over = 0 if self._overlay is None else self._overlay.tokens().breadth(word)
        return over + self._table.tokens().breadth(word)

    def clients(self, word: tuple[str, ...]) -> Iterator[Number]:
        """The numbers of the clients these records help to find."""
        for number in self._table.tokens().find(word):
            if number not in self._over:
                yield client_of(self._table.rows[number]).int
        if self._overlay is not None:
            for number in self._overlay.tokens().find(word):
                yield client_of(self._over[number]).int


def answering(question: Question, kinds: Sequence[Layers], tokens: Callable[[Number], set[str]]) -> set[Number]:
    """The numbers of the clients who answer every word; *tokens* gives those of one client."""
    breadths = {word: sum(kind.breadth(word) for kind in kinds) for word in question}
    first, *others = sorted(question, key=breadths.__getitem__)
    found = _with(first, kinds)
    for word in others:
        if breadths[word] > DEAR * len(found):
            found = {number for number in found if any(token.startswith(word) for token in tokens(number))}
        else:
            found &= _with(word, kinds)
    return found


def _with(word: tuple[str, ...], kinds: Sequence[Layers]) -> set[Number]:
    return {number for kind in kinds for number in kind.clients(word)}
