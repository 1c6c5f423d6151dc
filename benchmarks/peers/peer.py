"""What a peer is asked to do, whichever package does it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar, NamedTuple

from peers.target import Target
from peers.workload import Client, Outcome, Touch


class Unsupported(Exception):
    """This peer has no way to do that; the text says why."""


class Counted(NamedTuple):
    """How much a card showed."""

    points: int
    touched: int
    open_deals: int
    consents: int


class Peer(ABC):
    """
    One way to keep clients, written as its documentation would have it.

    The methods that are timed do no more than the work: what they answer is read outside, by `names`, `counted` and
    `outcomes`.
    """

    name: ClassVar[str]
    #: The distributions whose versions a report should tell.
    packages: ClassVar[Sequence[str]]

    def __init__(self, place: Target) -> None:
        self.place = place

    def ident(self, i: int) -> Any:
        """The key of client *i* of the base."""
        return i + 1

    @abstractmethod
    def load(self, clients: int) -> None:
        """Make the schema and the base, whatever was there before, and be ready."""

    @abstractmethod
    def empty(self) -> None:
        """Make the schema with its indexes and nothing in it, and be ready for `fill`."""

    @abstractmethod
    def register(self, client: Client) -> None:
        """W1."""

    @abstractmethod
    def log(self, ident: Any, touch: Touch) -> None:
        """W2."""

    @abstractmethod
    def fill(self, given: Iterator[Client]) -> None:
        """W3, with ten thousand clients a transaction at most."""

    @abstractmethod
    def find(self, phone: str) -> Sequence[Any]:
        """W4."""

    @abstractmethod
    def card(self, ident: Any) -> tuple[Any, ...]:
        """W5: the client, contact points, touchpoints, open deals and consents, read to the last field."""

    def ask(self) -> Sequence[Any]:
        """W6: rows of key, name, bought, lost, complained."""
        raise Unsupported("It has no query for this question.")

    def names(self, found: Sequence[Any]) -> list[str]:
        """The names in what `find` answered."""
        return [client.display_name for client in found]

    def counted(self, card: tuple[Any, ...]) -> Counted:
        """How much is in what `card` answered."""
        return Counted(*map(len, card[1:]))

    def outcomes(self, rows: Sequence[Any]) -> Iterator[tuple[str, Outcome]]:
        """Name and outcome of each row that `ask` answered."""
        for _, name, *three in rows:
            yield name, Outcome(*map(bool, three))

    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""


def portions(clients: Iterable[Client], size: int) -> Iterator[list[Client]]:
    """So many clients at a time."""
    rest = iter(clients)
    while some := list(islice(rest, size)):
        yield some
