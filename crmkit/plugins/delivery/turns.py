"""Whose turn it is: of one subject's events an ordered subscriber hears the first one first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from crmkit.domain.delivery import Delivery
from crmkit.domain.query import Query
from crmkit.domain.where import All, Any_, Test, Where
from crmkit.ports import StorageTransaction

#: A subscriber and a subject.
Queue = tuple[str, str]
#: How many queues are asked about at once, and how many deliveries of each are looked at.
TOGETHER, EACH = 64, 4


def queue_of(one: Delivery) -> Queue:
    """Where it stands."""
    return one.subscriber, one.subject


def turn_of(one: Delivery) -> tuple[int, int]:
    """Which place it has there: that of its event in the journal."""
    return one.entry, one.place


@attrs.frozen
class _Page:
    """Deliveries that are the first of their queues for certain; and whether those who have none here have none."""

    first: Sequence[Delivery]
    whole: bool


def heads(store: StorageTransaction, queues: Mapping[Queue, int | None]) -> dict[Queue, Delivery]:
    """
    The first delivery of each queue, however long they are; a queue that is empty is left out.

    Whoever knows that the first one stands at a certain entry of the journal, or before it, says so: then nothing
    behind that is read.
    """
    found = dict[Queue, Delivery]()
    left: dict[Queue, int | None] = {**queues}
    while left:
        some = dict(list(left.items())[:TOGETHER])
        page = _page(store, _where(some), EACH * len(some))
        for one in page.first:
            found.setdefault(queue_of(one), one)
        done = some if page.whole else some.keys() & found.keys()  # never nobody: a page that is full begins with one
        left = {queue: entry for queue, entry in left.items() if queue not in done}
    return found


def _page(store: StorageTransaction, where: Where, limit: int) -> _Page:
    """Of the last entry on a full page there may be more, at an earlier place."""
    page = store.select(Query(Delivery, where, "entry", limit=limit))
    if len(page) < limit:
        return _Page(sorted(page, key=turn_of), whole=True)
    first, last = page[0].entry, page[-1].entry
    if first == last:
        of_it = where & Test("entry", "eq", first)
        return _Page(store.select(Query(Delivery, of_it, "place", limit=limit)), whole=False)
    return _Page(sorted((one for one in page if one.entry < last), key=turn_of), whole=False)


def _where(queues: Mapping[Queue, int | None]) -> Where:
    parts = [_in(*queue, entry) for queue, entry in queues.items()]
    return Any_((*parts, *_filled_up(parts)))


def _filled_up(parts: Sequence[Where]) -> Iterable[Where]:
    """Up to a power of two: a storage compiles a statement for each number of them."""
    return [parts[-1]] * ((1 << (len(parts) - 1).bit_length()) - len(parts))


def _in(subscriber: str, subject: str, entry: int | None) -> Where:
    same = Test("subscriber", "eq", subscriber), Test("subject", "eq", subject)
    return All(same if entry is None else (*same, Test("entry", "le", entry)))
