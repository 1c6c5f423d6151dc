"""One seal: on the entries that came since the last one, and on those that came late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from crmkit.domain.ids import SealId
from crmkit.domain.query import Query
from crmkit.domain.seal import MOST, NOTHING, Gap, Seal, digests_of, link_of, spans_of, without
from crmkit.services.unit import Unit

if TYPE_CHECKING:
    from datetime import datetime

    from crmkit.ports import StorageTransaction

#: Held by whoever seals, so that the chain never forks.
ONE_AT_A_TIME = ("crmkit seal",)
#: How long a position may stay empty, and be filled after all: well above what any transaction may take.
LATEST = timedelta(hours=1)
#: No position is lower: databases count from 1, memory from 0.
FIRST = 0
#: How many entries are read at once where few are expected.
FEW = 100


def seal_some(unit: Unit) -> Seal | None:
    """
    Seal what is not sealed yet, at most a thousand entries; None if there is nothing.

    Every gap is looked into first. Of two transactions that ran at once the later position may be committed first, so
    what is not there yet is remembered for an hour, and sealed if it turns up; afterwards it will always count as
    inserted.
    """
    store, now = unit.store, unit.now
    store.lock(ONE_AT_A_TIME)
    last = last_seal(store)
    gaps, upto = ((), FIRST - 1) if last is None else (last.gaps, last.upto)
    late = list(islice(standing_in(store, gaps), MOST))
    new = store.written(upto, MOST - len(late))
    if not late and not new:
        return None
    left = without(gaps, [position for position, _ in late])
    if len(late) < MOST:  # else some of them were not looked into
        left = (gap for gap in left if now - gap.since < LATEST)
    covered = late + new  # what is late stands before what is new
    seal = Seal(
        SealId(unit.new_id()),
        1 if last is None else last.number + 1,
        now,
        tuple(spans_of([position for position, _ in covered])),
        tuple(digests_of(covered)),
        (*left, *_gaps_in(upto, new, now)),
        new[-1][0] if new else upto,
        len(covered) + (0 if last is None else last.entries),
        "",
    )
    seal = attrs.evolve(seal, link=link_of(NOTHING if last is None else last.link, seal))
    store.insert(seal)
    return seal


def is_overdue(store: StorageTransaction, every: int) -> bool:
    """Say whether *every* entries, or about as many, came since the last seal; asked often, so it reads one at most."""
    last = last_seal(store)
    return bool(store.written((FIRST - 1 if last is None else last.upto) + every - 1, 1))


def is_anything_new(store: StorageTransaction) -> bool:
    """Say whether there is anything to seal."""
    last = last_seal(store)
    if last is None:
        return bool(store.written(FIRST - 1, 1))
    return bool(store.written(last.upto, 1)) or any(True for _ in standing_in(store, last.gaps))


def last_seal(store: StorageTransaction) -> Seal | None:
    """The end of the chain."""
    return next(iter(store.select(Query(Seal, order_by="number", descending=True, limit=1))), None)


def standing_in(store: StorageTransaction, gaps: Sequence[Gap]) -> Iterator[tuple[int, str]]:
    """What stands in gaps by now; those close to one another are looked into at once."""
    seen: list[tuple[int, str]] = []
    upto = FIRST - 1
    for gap in gaps:
        yield from (one for one in seen if gap.first <= one[0] <= gap.last)
        while upto < gap.last:
            seen = store.written(max(upto, gap.first - 1), FEW)
            upto = seen[-1][0] if len(seen) == FEW else max(gap.last, gaps[-1].last)
            yield from (one for one in seen if gap.first <= one[0] <= gap.last)


def _gaps_in(upto: int, new: Sequence[tuple[int, str]], now: datetime) -> Iterator[Gap]:
    """The positions between entries, and before the first of them, at which there is nothing."""
    for position, _ in new:
        if position > upto + 1:
            yield Gap(upto + 1, position - 1, now)
        upto = position
