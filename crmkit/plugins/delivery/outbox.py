"""What waits and what is dead, and what an operator may do about it; what was told is not here any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from crmkit.domain.delivery import Delivery, DeliveryState
from crmkit.domain.ids import DeliveryId
from crmkit.domain.query import Page, Query
from crmkit.domain.where import EVERYTHING, Test, Where
from crmkit.errors import Fault, Invalid
from crmkit.plugins.delivery.queue import ONE_AT_A_TIME, Begin, let_next
from crmkit.plugins.delivery.turns import Queue, queue_of
from crmkit.plugins.states import PluginStatus

if TYPE_CHECKING:
    from crmkit.ports import StorageTransaction

#: How many are changed in one transaction.
CHUNK = 200
_LAST_ID = UUID(int=2**128 - 1)


@attrs.frozen
class Lag:
    """
    What has not reached one subscriber: how many wait, how many are dead, and since when the oldest of both is here.

    >>> from crmkit.testing import NOON
    >>> Lag(waiting=3, dead=1, oldest=NOON).waiting
    3
    """

    waiting: int
    dead: int
    oldest: datetime


class Outbox:
    """
    The deliveries of one store that are not done, of every plugin, whether it is still there or not.

    >>> from crmkit import CRM
    >>> CRM.open("memory://").relay.outbox.lag()
    {}
    """

    def __init__(self, begin: Begin) -> None:
        self._begin = begin

    def list(
        self, *, state: DeliveryState | None = None, subscriber: str | None = None, limit: int = 50,
        after: str | None = None,
    ) -> Page[Delivery]:  # fmt: skip
        """A page of deliveries, the oldest first."""
        last = None if after is None else (_id_of(after, "after"), _id_of(after, "after"))
        with self._begin() as tx:
            store = tx._unit.store  # noqa: SLF001  # below the rooms: no verb, no event
            found = store.select(Query(Delivery, _where(state, subscriber), limit=limit + 1, after=last))
        page = tuple(found[:limit])
        return Page(page, str(page[-1].id) if len(found) > limit else None)

    def lag(self) -> Mapping[str, Lag]:
        """What has not reached each subscriber, of those that miss something, by name."""
        with self._begin() as tx:
            store = tx._unit.store  # noqa: SLF001  # as above
            return {name: _lag(store, name) for name in _subscribers(store)}

    def retry(self, ids: Collection[DeliveryId] | None = None, *, subscriber: str | None = None) -> int:
        """Make deliveries due at once, with all their attempts before them; what is being told now is left alone."""
        return sum(self._revived(chunk) for chunk in self._chunks(ids, subscriber))

    def discard(self, ids: Collection[DeliveryId] | None = None, *, subscriber: str | None = None) -> int:
        """Forget deliveries: nobody is told of them any more; whatever waited for its turn behind them comes."""
        count, free_at = 0, dict[Queue, datetime]()
        for chunk in self._chunks(ids, subscriber):
            gone = self._removed(chunk)
            count += len(gone)
            for one, at in gone:
                free_at[queue_of(one)] = max(at, free_at.get(queue_of(one), at))
        # Not before all are gone: the next one may be among those still to be forgotten.
        self._let_next(list(free_at.items()))
        return count

    def _chunks(self, ids: Collection[DeliveryId] | None, subscriber: str | None) -> Iterator[Sequence[DeliveryId]]:
        """The ids chunk by chunk; of a subscriber's they are read a page at a time, each after the last id seen."""
        if (ids is None) is (subscriber is None):
            raise Invalid(Fault("ids", "one_of", "Give ids, or a subscriber's name."))
        if ids is not None:
            known = tuple(ids)
            yield from (known[start : start + CHUNK] for start in range(0, len(known), CHUNK))
            return
        after: str | None = None
        while True:
            page = self.list(subscriber=subscriber, limit=CHUNK, after=after)
            if page:
                yield [one.id for one in page]
                after = str(page[-1].id)
            if page.next is None:
                return

    def _revived(self, ids: Sequence[DeliveryId]) -> int:
        with self._begin() as tx:
            unit = tx._unit  # noqa: SLF001  # as above
            unit.store.lock(ONE_AT_A_TIME)
            idle = [one for one in unit.store.get_many(Delivery, ids) if _is_idle(one, unit.now)]
            for one in idle:
                again = attrs.evolve(
                    one, state="waiting", attempts=0, due_at=unit.now, claimed_by=None, error=None,
                    updated_at=unit.now, version=one.version + 1,
                )  # fmt: skip
                unit.store.replace(again, one.version)
        return len(idle)

    def _removed(self, ids: Sequence[DeliveryId]) -> Sequence[tuple[Delivery, datetime]]:
        """What is gone, and until when somebody may be being told of it."""
        with self._begin() as tx:
            unit = tx._unit  # noqa: SLF001  # as above
            unit.store.lock(ONE_AT_A_TIME)
            found = unit.store.get_many(Delivery, ids)
            for one in found:
                unit.store.delete(Delivery, one.id)
            return [(one, unit.now if _is_idle(one, unit.now) else one.due_at) for one in found]

    def _let_next(self, free_at: Sequence[tuple[Queue, datetime]]) -> None:
        for start in range(0, len(free_at), CHUNK):
            with self._begin() as tx:
                unit = tx._unit  # noqa: SLF001  # as above
                unit.store.lock(ONE_AT_A_TIME)
                let_next(unit, dict(free_at[start : start + CHUNK]))


def counted(statuses: Iterable[PluginStatus], lag: Mapping[str, Lag]) -> tuple[PluginStatus, ...]:
    """How plugins are doing, with what their subscribers are still to be told."""
    return tuple(
        attrs.evolve(
            one,
            waiting=sum(behind.waiting for name, behind in lag.items() if name.partition(".")[0] == one.name),
            dead=sum(behind.dead for name, behind in lag.items() if name.partition(".")[0] == one.name),
        )
        for one in statuses
    )


def delivery_id(text: str) -> DeliveryId:
    """Read an id that an operator typed."""
    return DeliveryId(_id_of(text, "id"))


def _subscribers(store: StorageTransaction) -> Iterator[str]:
    """Each name once: one question for each, however many deliveries there are."""
    after: tuple[str, UUID] | None = None
    while found := store.select(Query(Delivery, order_by="subscriber", limit=1, after=after)):
        yield found[0].subscriber
        after = found[0].subscriber, _LAST_ID


def _lag(store: StorageTransaction, name: str) -> Lag:
    dead = store.count(Delivery, _where("dead", name))
    oldest = store.select(Query(Delivery, _where(None, name), "created_at", limit=1))
    return Lag(store.count(Delivery, _where("waiting", name)), dead, oldest[0].created_at)


def _is_idle(one: Delivery, now: datetime) -> bool:
    """Nobody is telling it: it is not claimed, or was and never given back."""
    return one.claimed_by is None or one.due_at <= now


def _where(state: DeliveryState | None, subscriber: str | None) -> Where:
    of_state = EVERYTHING if state is None else Test("state", "eq", state)
    return of_state if subscriber is None else of_state & Test("subscriber", "eq", subscriber)


def _id_of(text: str, path: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(Fault(path, "unknown", "Give the id of a delivery, as `crmkit outbox list` shows it.")) from None
