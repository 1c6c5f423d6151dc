"""Observers that ask for order: one subject's events one after the other, and nobody else held up by them."""

from __future__ import annotations

from collections import Counter

import pytest

from crmkit import CRM
from crmkit.events import ClientUpdated
from crmkit.plugins import EventContext, Plugin, on
from crmkit.testing import FrozenClock


class Diary(Plugin[None]):
    """Writes down which version of whom it heard of, in order; it cannot bear some of them, or their first change."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = list[tuple[str, int]]()
        self.unbearable = ""
        self.bears_the_first = True

    @on(ClientUpdated, ordered=True, attempts=1)
    def write(self, ctx: EventContext, event: ClientUpdated) -> None:
        if str(event.client_id) == self.unbearable or (event.version == 2 and not self.bears_the_first):
            raise ZeroDivisionError
        self.heard.append((str(event.client_id), event.version))


@pytest.fixture
def diary(url: str, clock: FrozenClock) -> tuple[CRM, Diary]:
    plugin = Diary()
    return CRM.open(url, clock=clock, plugins=[plugin], delivery="external"), plugin


def _changed_at_once(crm: CRM, times: int) -> str:
    """Change one client so often, in one transaction; the id."""
    with crm.begin() as tx:
        id = tx.clients.add(name="0").id
        for number in range(1, times + 1):
            tx.clients.update(id, name=str(number))
    return str(id)


def _changed(crm: CRM, times: int, clients: int) -> list[str]:
    """Change each of several clients so often; their ids."""
    with crm.begin() as tx:
        ids = [tx.clients.add(name="0").id for _ in range(clients)]
    for number in range(1, times + 1):
        for id in ids:
            with crm.begin() as tx:
                tx.clients.update(id, name=str(number))
    return [str(id) for id in ids]


def test_the_events_of_one_subject_come_one_after_the_other(diary: tuple[CRM, Diary]) -> None:
    """Whatever else is told in between."""
    crm, plugin = diary
    with crm:
        ids = _changed(crm, 5, 3)
        crm.relay.drain()
    for id in ids:
        assert [2, 3, 4, 5, 6] == [version for who, version in plugin.heard if who == id]


def test_of_one_transaction_whatever_its_length_the_first_comes_first(diary: tuple[CRM, Diary]) -> None:
    """All of it is one entry of the journal; each event has its place there."""
    crm, plugin = diary
    with crm:
        id = _changed_at_once(crm, 70)
        crm.relay.drain()
    assert [(id, version) for version in range(2, 72)] == plugin.heard


def test_however_much_waits_of_one_subject_another_keeps_its_order(diary: tuple[CRM, Diary]) -> None:
    """Both are blocked by their first; thousands of the one stand before everything of the other."""
    crm, plugin = diary
    plugin.bears_the_first = False
    with crm:
        _changed_at_once(crm, 2_310)
        _changed_at_once(crm, 20)
        crm.relay.drain()
        assert ([], 2) == (plugin.heard, crm.relay.outbox.lag()["diary.write"].dead)


def test_behind_one_that_failed_and_was_told_after_all_the_next_comes_at_once(
    diary: tuple[CRM, Diary], clock: FrozenClock
) -> None:
    """However long it took: nobody waits until they would have been looked at again."""
    crm, plugin = diary
    plugin.bears_the_first = False
    with crm:
        id = _changed_at_once(crm, 4)
        crm.relay.drain()
        clock.go_on(hours=5)
        crm.relay.drain()
        plugin.bears_the_first = True
        assert 4 == crm.relay.outbox.retry(subscriber="diary.write")
        crm.relay.drain()
        assert [(id, version) for version in range(2, 6)] == plugin.heard


def test_a_blocked_subject_is_in_nobodys_way(diary: tuple[CRM, Diary]) -> None:
    """However many stand behind the one that could not be told: whole batches of them are passed over."""
    crm, plugin = diary
    with crm:
        (blocked,) = _changed(crm, 120, 1)
        plugin.unbearable = blocked
        crm.relay.queue.expand(1_000)
        crm.relay.run_once(1)
        plugin.heard.clear()
        free = _changed(crm, 2, 2)
        crm.relay.drain()
        assert dict.fromkeys(free, 2) == Counter(who for who, _ in plugin.heard)
        assert (119, 1) == next((one.waiting, one.dead) for one in crm.relay.outbox.lag().values())
