"""The journal compared with its seals, and the seals with each other and with the heads that were kept elsewhere."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from crmkit.domain.seal import MOST, NOTHING, Gap, Head, Seal, digest_of, link_of
from crmkit.domain.verified import Breach, Tampering, Verified
from crmkit.services.sealing.reading import LOWEST, Entries, seals, stands_lowest
from crmkit.services.sealing.sealing import FIRST, last_seal

if TYPE_CHECKING:
    from crmkit.ports import StorageTransaction

#: Hears how many entries of about how many have been looked at.
Progress = Callable[[int, int], object]


def verify(store: StorageTransaction, heads: Iterable[Head] = (), progress: Progress | None = None) -> Verified:
    """Look through the whole journal; it takes no more memory than two seals and what is found."""
    last = last_seal(store) if progress is not None else None
    looking, told = _Looking(store, heads), 0
    for seal in seals(store):
        looking.at(seal)
        if progress is not None and looking.entries.count >= told + MOST:
            told = looking.entries.count
            progress(told, max(told, 0 if last is None else last.entries))
    return looking.ended()


class _Looking:
    """What is known so far."""

    def __init__(self, store: StorageTransaction, heads: Iterable[Head]) -> None:
        self._store = store
        self.entries = Entries(store)
        self._breaches: list[Breach] = []
        self._more = 0
        #: Entries that are not what a seal says: position, digest sealed, digest found, seal.
        self._differing: list[tuple[int, str, str, int]] = []
        #: What stands in gaps and may be in a seal to come.
        self._late: dict[int, str] = {}
        self._gaps: Sequence[Gap] = ()
        #: The links of which the next seal must follow one; None if they are not known.
        self._links: Sequence[str] | None = (NOTHING,)
        self._number, self._upto = 0, FIRST - 1
        self._count = 0
        #: Whether a seal before is missing or cannot be relied on: what it covered is not known.
        self._blind = False
        self._kept: dict[int, list[Head]] = {}
        for head in heads:
            self._kept.setdefault(head.number, []).append(head)
        self._replaced = False
        if stands_lowest(store):
            self._found(Breach("inserted", position=LOWEST))

    def at(self, seal: Seal | int) -> None:
        """Look at the next seal, and at the entries up to where it reaches."""
        self._count += 1
        if isinstance(seal, int):
            self._unsound(seal)
        elif not isinstance(seal.number, int) or seal.number <= self._number:
            self._found(Breach("seal_edited", seal=self._number + 1))
        else:
            missing = seal.number - self._number - 1
            for number in range(self._number + 1, self._number + 1 + min(missing, MOST)):
                self._found(Breach("seal_deleted", seal=number))
            self._more += max(missing - MOST, 0)
            if missing:
                self._blind, self._links = True, None
            self._follow(seal)

    def ended(self) -> Verified:
        """Look at the heads of what is not there any more, and at what is not sealed yet; and say what was found."""
        beyond = max((number for number in self._kept if number > self._number), default=None)
        if beyond is not None:
            upto = self._kept[beyond][0].upto
            self._found(Breach("cut", position=min(self._upto + 1, upto), other=upto, seal=beyond))
        unsealed = 0
        while True:
            positions, _ = self.entries.take(2**63 - 1)
            if not positions:
                break
            below = bisect_right(positions, FIRST - 1)
            for position in positions[:below]:
                self._found(Breach("inserted", position=position))
            unsealed += len(positions) - below
        self._name_differing()
        return Verified(
            self.entries.count,
            self._count,
            unsealed + len(self._late),
            None if self._number == 0 else self._upto,
            tuple(sorted(self._late)),
            tuple(self._breaches),
            self._more,
        )

    def _follow(self, seal: Seal) -> None:
        kept = self._kept.get(seal.number, ())
        if not self._replaced and any(head.link != seal.link for head in kept):
            self._replaced = True
            self._found(Breach("seal_replaced", seal=seal.number))
        if not _is_sane(seal):
            self._unsound(seal.number)
            self._links = (seal.link,)
            return
        right = None if self._links is None else [link_of(before, seal) for before in self._links]
        if right is not None and seal.link not in right:
            self._unsound(seal.number)
            self._links = (seal.link, *right)  # what was edited may be the link alone
            return
        self._compare(seal)
        self._gaps, self._upto, self._links, self._number = seal.gaps, seal.upto, (seal.link,), seal.number

    def _unsound(self, number: int) -> None:
        self._found(Breach("seal_edited", seal=number))
        self._blind, self._number, self._links = True, number, None

    def _compare(self, seal: Seal) -> None:
        positions, digests = self.entries.take(seal.upto, len(seal.digests))
        if not self._late and len(seal.covers) == 1 and tuple(digests) == seal.digests:
            (span,) = seal.covers
            if (positions[0], positions[-1], span.last) == (span.first, span.last, seal.upto):
                self._blind = False
                return
        spans = chain.from_iterable([range(one.first, one.last + 1) for one in seal.covers])
        sealed = dict(zip(spans, seal.digests, strict=True))
        late, self._late = self._late, {}
        self._match(seal, sealed, late.keys(), late.values(), knows=not self._blind)
        while positions:
            self._match(seal, sealed, positions, digests, knows=not self._blind)
            positions, digests = self.entries.take(seal.upto)
        for position, digest in sealed.items():
            self._missing(seal, position, digest)
        self._blind = False

    def _match(
        self, seal: Seal, sealed: dict[int, str], positions: Iterable[int], digests: Iterable[str], *, knows: bool
    ) -> None:
        """Compare what stands with what is sealed, which is taken from *sealed*."""
        for position, digest in zip(positions, digests, strict=True):
            if (wanted := sealed.pop(position, None)) is not None:
                if wanted != digest:
                    self._differs(position, wanted, digest, seal)
            elif _is_in(seal.gaps, position):
                self._late[position] = digest
            elif knows or position < FIRST:
                self._found(Breach("inserted", position=position))

    def _missing(self, seal: Seal, position: int, wanted: str) -> None:
        """Look again: a transaction that writes may have looked before it came."""
        again = self._store.written(position - 1, 1)
        if not again or again[0][0] != position:
            self._found(Breach("deleted", position=position, seal=seal.number))
        elif (digest := digest_of(again[0][1])) != wanted:
            self._differs(position, wanted, digest, seal)

    def _differs(self, position: int, wanted: str, digest: str, seal: Seal) -> None:
        if len(self._breaches) + len(self._differing) < MOST:
            self._differing.append((position, wanted, digest, seal.number))
        else:
            self._more += 1

    def _found(self, breach: Breach) -> None:
        if len(self._breaches) + len(self._differing) < MOST:
            self._breaches.append(breach)
        else:
            self._more += 1

    def _name_differing(self) -> None:
        """What was sealed elsewhere among them is known by its digest."""
        sealed_at = {wanted: (position, seal) for position, wanted, _, seal in self._differing}
        for position, _, digest, seal in self._differing:
            other, by = sealed_at.get(digest, (None, seal))
            kind: Tampering = "edited" if other is None else "swapped"
            self._breaches.append(Breach(kind, position=position, other=other, seal=by))


def _is_sane(seal: Seal) -> bool:
    """Whether it could be one of ours: who wrote another may also have worked out its link."""
    try:
        ends = [end for one in seal.covers for end in (one.first, one.last)]
        return (
            0 < len(seal.digests) == sum([one.length for one in seal.covers])
            and ends[0] >= FIRST
            and ends[-1] <= seal.upto
            and all(one.length > 0 for one in seal.covers)
            and all(one.last < next.first for one, next in zip(seal.covers, seal.covers[1:], strict=False))
            and all(one.last < next.first for one, next in zip(seal.gaps, seal.gaps[1:], strict=False))
        )
    except (TypeError, AttributeError, IndexError):
        return False


def _is_in(gaps: Sequence[Gap], position: int) -> bool:
    at = bisect_right(gaps, position, key=_first)
    return at > 0 and position <= gaps[at - 1].last


def _first(gap: Gap) -> int:
    return gap.first
