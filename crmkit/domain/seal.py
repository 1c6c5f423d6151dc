"""A seal on the journal: a digest of each entry it covers, chained to the seal before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256

import attrs

from crmkit.domain.ids import SealId
from crmkit.domain.instants import micros
from crmkit.domain.marks import Code, Masked

#: How many entries one seal covers at most.
MOST = 1000
#: What stands before the first seal.
NOTHING = ""


@attrs.frozen
class Span:
    """
    Positions of the journal, one after the other, both ends among them.

    >>> Span(7, 9).length
    3
    """

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many positions."""
        return self.last - self.first + 1


@attrs.frozen
class Gap:
    """
    Positions at which nothing stood when a later one was sealed, for the first time *since* then.

    >>> from datetime import UTC, datetime
    >>> Gap(7, 7, datetime(2026, 1, 1, tzinfo=UTC)).first
    7
    """

    first: int
    last: int
    since: datetime


@attrs.frozen
class Seal(Masked):
    """
    What stood at the positions that it `covers`: one digest each, in their order.

    `upto` is the highest position sealed so far, and `entries` how many. `gaps` are positions below it at which an
    entry may still turn up: of two transactions that ran at once the later position may be committed first. `link`
    is over all of this and over the link of the seal before it.

    >>> from crmkit.testing import a_seal
    >>> a_seal(number=3).number
    3
    """

    id: SealId
    number: int
    at: datetime
    covers: tuple[Span, ...]
    digests: Code[tuple[str, ...]]
    gaps: tuple[Gap, ...]
    upto: int
    entries: int
    link: Code[str]


@attrs.frozen
class Head:
    """
    The end of the chain, when it was this long: what is kept where whoever can write to the store cannot.

    `link` stands for every entry up to `upto` that was sealed, `entries` in number.

    >>> from datetime import UTC, datetime
    >>> Head(1, "ab", datetime(2026, 1, 1, tzinfo=UTC), entries=2, upto=2).number
    1
    """

    number: int
    link: Code[str]
    at: datetime
    entries: int
    upto: int


def head_of(seal: Seal) -> Head:
    """What is said of a seal to those who keep it elsewhere."""
    return Head(seal.number, seal.link, seal.at, seal.entries, seal.upto)


def digest_of(text: str) -> str:
    """What stands for one entry of the journal."""
    return sha256(text.encode()).hexdigest()


def digests_of(written: Iterable[tuple[int, str]]) -> list[str]:
    """The same for many, each with its position: without a call for each."""
    return [sha256(text.encode()).hexdigest() for _, text in written]


def link_of(before: str, seal: Seal) -> str:
    """What ties a seal to the link *before* it; its own `link` is left out of account."""
    said = (
        "crmkit seal 1",
        before,
        f"{seal.number} {seal.id.hex} {micros(seal.at)} {seal.upto} {seal.entries}",
        " ".join([f"{one.first}-{one.last}" for one in seal.covers]),
        " ".join(seal.digests),
        " ".join([f"{one.first}-{one.last}@{micros(one.since)}" for one in seal.gaps]),
    )
    return sha256("\n".join(said).encode()).hexdigest()


def spans_of(positions: Iterable[int]) -> Iterator[Span]:
    """
    Ascending positions as spans.

    >>> list(spans_of([1, 2, 5]))
    [Span(first=1, last=2), Span(first=5, last=5)]
    """
    first: int | None = None
    last = 0
    for position in positions:
        if first is None:
            first = position
        elif position != last + 1:
            yield Span(first, last)
            first = position
        last = position
    if first is not None:
        yield Span(first, last)


def without(gaps: Iterable[Gap], found: Sequence[int]) -> Iterator[Gap]:
    """What is left of gaps once entries turned up at the positions *found*, which ascend as the gaps do."""
    at = 0
    for gap in gaps:
        first = gap.first
        while at < len(found) and found[at] <= gap.last:
            if first < found[at]:
                yield Gap(first, found[at] - 1, gap.since)
            first = found[at] + 1
            at += 1
        if first <= gap.last:
            yield Gap(first, gap.last, gap.since)
