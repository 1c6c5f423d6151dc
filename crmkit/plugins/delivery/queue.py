"""The deliveries of one store: made from the journal, claimed, and given back. Every step is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import attrs

from crmkit.domain.delivery import Delivery
from crmkit.domain.ids import DeliveryId
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.errors import Conflict
from crmkit.plugins.delivery.forking import forks
from crmkit.plugins.delivery.subscriber import Claimed
from crmkit.plugins.delivery.turns import Queue, heads, queue_of, turn_of
from crmkit.ports import Entry
from crmkit.services.transaction import Transaction
from crmkit.services.unit import Unit

Begin = Callable[[], AbstractContextManager[Transaction]]
#: Held while entries are turned into deliveries and while deliveries are claimed: two relays never meet in them.
ONE_AT_A_TIME = ("crmkit relay",)
#: When those behind another one are looked at again, though nobody said that it is their turn.
LOST = timedelta(hours=1)


class DeliveryQueue:
    """What relays of several processes share; whoever claims has the delivery until its lease ends."""

    def __init__(self, begin: Begin, lease: timedelta) -> None:
        self._enter = begin
        self._lease = lease
        #: Who claims: no two that live have one name.
        self.name = uuid4().hex

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
                attrs.evolve(one, due_at=until, attempts=one.attempts + 1, claimed_by=self.name,
                             updated_at=unit.now, version=one.version + 1)
                for one in ours
            ]  # fmt: skip
            for one in claimed:
                unit.store.replace(one, one.version - 1)
            for one in behind:
                later = unit.now + LOST if _is_new(one) else until
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

    def claimed_by(self, name: str) -> list[Delivery]:
        """What somebody holds a claim on."""
        with self._begin() as tx:
            unit = tx._unit  # noqa: SLF001
            soon = Test("due_at", "gt", unit.now) & Test("due_at", "le", unit.now + self._lease)
            theirs = Test("state", "eq", "waiting") & soon & Test("claimed_by", "eq", name)
            return unit.store.select(Query(Delivery, theirs))

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
            let_next(tx._unit, {queue_of(one): tx._unit.now})  # noqa: SLF001

    def _give_back(self, one: Delivery, after: Delivery) -> bool:
        try:
            with self._begin() as tx:
                _fenced(tx, one, after)
        except Conflict:
            return False
        return True

    def _in_turn(
        self, tx: Transaction, found: Sequence[Delivery], ordered: Collection[str]
    ) -> tuple[list[Delivery], list[Delivery]]:
        """Those of *found* whose turn it is, and those that are behind another."""
        first = dict[Queue, Delivery]()
        for one in sorted(found, key=turn_of):
            if one.subscriber in ordered:
                first.setdefault(queue_of(one), one)
        if not first:
            return list(found), []
        known = heads(tx._unit.store, {queue: one.entry for queue, one in first.items()})  # noqa: SLF001
        ours, behind = list[Delivery](), list[Delivery]()
        for one in found:
            is_first = one.subscriber not in ordered or known[queue_of(one)].id == one.id
            (ours if is_first else behind).append(one)
        return ours, behind


def let_next(unit: Unit, gone: Mapping[Queue, datetime]) -> None:
    """The first one of each queue need wait no longer than so; one that was begun has a time of its own."""
    for queue, head in heads(unit.store, dict.fromkeys(gone)).items():
        due = max(gone[queue], unit.now)
        if _is_new(head) and head.due_at > due:
            unit.store.replace(attrs.evolve(head, due_at=due, version=head.version + 1), head.version)


def _is_new(one: Delivery) -> bool:
    """Nobody has begun to tell it: when it is due depends on those before it alone."""
    return one.state == "waiting" and one.claimed_by is None and not one.attempts


def _fenced(tx: Transaction, one: Delivery, after: Delivery) -> None:
    """Put *after* in the place of *one*; `Conflict` for a late original, which has an older version."""
    unit = tx._unit  # noqa: SLF001
    unit.store.replace(attrs.evolve(after, version=one.version + 1, updated_at=unit.now), one.version)


def _with_event(one: Delivery, entry: Entry | None) -> Claimed:
    if entry is None or not 0 <= one.place < len(entry.events):
        return Claimed(one, None, 0)
    return Claimed(one, entry.events[one.place], entry.depth)
