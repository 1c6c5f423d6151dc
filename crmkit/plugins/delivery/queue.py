"""The deliveries of one store: made from the journal, claimed, and given back. Every step is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import attrs

from crmkit.domain.delivery import Delivery
from crmkit.domain.ids import DeliveryId
from crmkit.domain.query import Query
from crmkit.domain.where import Test, Where
from crmkit.errors import Conflict
from crmkit.plugins.delivery.forking import forks
from crmkit.plugins.delivery.subscriber import Claimed
from crmkit.ports import Entry, StorageTransaction
from crmkit.services.transaction import Transaction
from crmkit.services.unit import Unit

Begin = Callable[[], AbstractContextManager[Transaction]]
#: Held while entries are turned into deliveries and while deliveries are claimed: two relays never meet in them.
ONE_AT_A_TIME = ("crmkit relay",)
#: How many deliveries behind one another are looked at, and when those behind a dead one are looked at again.
BEHIND, DEAD_END = 2_000, timedelta(hours=1)


class DeliveryQueue:
    """What relays of several processes share; whoever claims has the delivery until its lease ends."""

    def __init__(self, begin: Begin, lease: timedelta) -> None:
        self._enter = begin
        self._lease = lease
        self._name = uuid4().hex

    @contextmanager
    def _begin(self) -> Generator[Transaction]:
        """A transaction of the relay's own, in which nobody forks."""
        with forks.kept_out(), self._enter() as tx:
            yield tx

    def expand(self, limit: int) -> int:
        """Make deliveries of the oldest entries that have subscribers; say of how many."""
        with self._begin() as tx:
            unit = tx._unit  # noqa: SLF001  # below the rooms: no verb, no event
            unit.store.lock(ONE_AT_A_TIME)
            pending = unit.store.pending(limit)
            for position, entry in pending:
                for subscriber, places in entry.subscribers.items():
                    for place in places:
                        event = entry.events[place]
                        made = Delivery(
                            DeliveryId(unit.new_id()), position, place, event.id, event.topic, str(event.subject),
                            subscriber, "waiting", 0, unit.now, None, None, unit.now, unit.now,
                        )  # fmt: skip
                        unit.store.insert(made)
            if pending:
                unit.store.settle([position for position, _ in pending])
        return len(pending)

    def claim(self, limit: int, served: Collection[str], ordered: Collection[str]) -> list[Claimed]:
        """
        Take up to *limit* due deliveries of the subscribers *served*, with their events.

        One that somebody else had claimed and never gave back is taken alone: it may be what killed them.
        """
        claimed, moved = list[Claimed](), bool(served)
        while moved and not claimed:  # a whole batch behind others is in nobody's way: look at who comes next
            claimed, moved = self._claim(limit, served, ordered)
        return claimed

    def _claim(self, limit: int, served: Collection[str], ordered: Collection[str]) -> tuple[list[Claimed], bool]:
        """One batch; and whether some of it stand behind others, and were put off."""
        with self._begin() as tx:
            unit = tx._unit  # noqa: SLF001
            unit.store.lock(ONE_AT_A_TIME)
            due = Test("state", "eq", "waiting") & Test("due_at", "le", unit.now)
            theirs = Test("subscriber", "in", tuple(sorted(served)))
            found = unit.store.select(Query(Delivery, due & theirs, "due_at", limit=limit))
            if left := [one for one in found if one.claimed_by is not None]:
                found = left[:1]
            ours, behind = self._in_turn(tx, found, ordered)
            until = unit.now + self._lease
            claimed = [
                attrs.evolve(one, due_at=until, attempts=one.attempts + 1, claimed_by=self._name,
                             updated_at=unit.now, version=one.version + 1)
                for one in ours
            ]  # fmt: skip
            for one in claimed:
                unit.store.replace(one, one.version - 1)
            for one, after in behind:
                later = max(until if after in ours else after.due_at, unit.now + timedelta(seconds=1))
                later = unit.now + DEAD_END if after.state == "dead" else later
                unit.store.replace(attrs.evolve(one, due_at=later, version=one.version + 1), one.version)
            entries = unit.store.entries([one.entry for one in claimed])
        return [_with_event(one, entries.get(one.entry)) for one in claimed], bool(behind)

    def done(self, some: Sequence[tuple[Delivery, bool]]) -> int:
        """
        They were told: forget them, in one transaction if nobody interferes; each with whether it is one in order.

        Say how many were forgotten: one that somebody else has taken over meanwhile is left alone.
        """
        try:
            with self._begin() as tx:
                if any(ordered for _, ordered in some):  # or who claims meanwhile would put off whose turn it is now
                    tx._unit.store.lock(ONE_AT_A_TIME)  # noqa: SLF001
                for one, ordered in some:
                    self._forget(tx, one, ordered=ordered)
        except Conflict:
            return sum(self.done([one]) for one in some) if len(some) > 1 else 0
        return len(some)

    def later(self, one: Delivery, at: datetime, error: str | None, *, begun: bool = True) -> bool:
        """Tell it again at *at*; one that was never *begun* has lost no attempt."""
        attempts = one.attempts if begun else one.attempts - 1
        return self._give_back(one, attrs.evolve(one, due_at=at, attempts=attempts, claimed_by=None, error=error))

    def dead(self, one: Delivery, error: str) -> bool:
        """Tell it no more, and keep it for somebody to look at."""
        return self._give_back(one, attrs.evolve(one, state="dead", claimed_by=None, error=error))

    def next_due(self, served: Collection[str]) -> datetime | None:
        """When the next delivery of these subscribers is due, None if there is none."""
        if not served:
            return None
        with self._begin() as tx:
            waiting = Test("state", "eq", "waiting") & Test("subscriber", "in", tuple(sorted(served)))
            for one in tx._unit.store.select(Query(Delivery, waiting, "due_at", limit=1)):  # noqa: SLF001
                return one.due_at
        return None

    def _forget(self, tx: Transaction, one: Delivery, *, ordered: bool) -> None:
        _fenced(tx, one, one)
        tx._unit.store.delete(Delivery, one.id)  # noqa: SLF001
        if ordered:
            let_next(tx._unit, [one])  # noqa: SLF001

    def _give_back(self, one: Delivery, after: Delivery) -> bool:
        try:
            with self._begin() as tx:
                _fenced(tx, one, after)
        except Conflict:
            return False
        return True

    def _in_turn(
        self, tx: Transaction, found: Sequence[Delivery], ordered: Collection[str]
    ) -> tuple[list[Delivery], list[tuple[Delivery, Delivery]]]:
        """Those of *found* whose turn it is, and those that are behind another, each with it."""
        asked = [one for one in found if one.subscriber in ordered]
        if not asked:
            return list(found), []
        heads = _heads(tx._unit.store, asked)  # noqa: SLF001
        ours, behind = list[Delivery](), list[tuple[Delivery, Delivery]]()
        for one in found:
            head = heads.get((one.subscriber, one.subject), one) if one.subscriber in ordered else one
            if head.id == one.id:
                ours.append(one)
            else:
                behind.append((one, head))
        return ours, behind


def let_next(unit: Unit, gone: Sequence[Delivery]) -> None:
    """The next event of each one's subject need not wait for a lease that is over, or for a dead one."""
    behind = {(one.subscriber, one.subject) for one in gone}
    for name, head in _heads(unit.store, gone).items():
        free = head.state == "waiting" and head.claimed_by is None and not head.attempts
        if name in behind and free and head.due_at > unit.now:
            unit.store.replace(attrs.evolve(head, due_at=unit.now, version=head.version + 1), head.version)


def _heads(store: StorageTransaction, some: Sequence[Delivery]) -> dict[tuple[str, str], Delivery]:
    """The first delivery of each one's subscriber and subject, if it is among the first of them all."""
    same: Where = Test("subscriber", "in", tuple(sorted({one.subscriber for one in some})))
    same = same & Test("subject", "in", tuple(sorted({one.subject for one in some})))
    heads = dict[tuple[str, str], Delivery]()
    for one in sorted(store.select(Query(Delivery, same, "entry", limit=BEHIND)), key=_turn):
        heads.setdefault((one.subscriber, one.subject), one)
    return heads


def _fenced(tx: Transaction, one: Delivery, after: Delivery) -> None:
    """Put *after* in the place of *one*; `Conflict` for a late original, which has an older version."""
    unit = tx._unit  # noqa: SLF001
    unit.store.replace(attrs.evolve(after, version=one.version + 1, updated_at=unit.now), one.version)


def _turn(one: Delivery) -> tuple[int, int]:
    return one.entry, one.place


def _with_event(one: Delivery, entry: Entry | None) -> Claimed:
    if entry is None or not 0 <= one.place < len(entry.events):
        return Claimed(one, None, 0)
    return Claimed(one, entry.events[one.place], entry.depth)
