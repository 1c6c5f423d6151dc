"""What an operator forgets holds up nobody, on every storage."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest

from crmkit import CRM
from crmkit.domain.delivery import Delivery
from crmkit.domain.ids import DeliveryId
from crmkit.events import ClientUpdated
from crmkit.plugins import Plugin, on
from crmkit.plugins.delivery import outbox
from crmkit.testing import FrozenClock


class Orderly(Plugin[None]):
    """Cannot bear the first change of each client; the versions of the others it writes down."""

    def __init__(self) -> None:
        super().__init__()
        self.told = list[int]()

    @on(ClientUpdated, attempts=1, ordered=True)
    def hear(self, event: ClientUpdated) -> None:
        if event.version == 2:
            raise ValueError
        self.told.append(event.version)


@pytest.fixture
def orderly() -> Orderly:
    return Orderly()


@pytest.fixture
def crm(url: str, clock: FrozenClock, orderly: Orderly) -> Generator[CRM]:
    with CRM.open(url, clock=clock, plugins=[orderly], delivery="external") as crm:
        yield crm


def _changed(crm: CRM, times: int, clients: int = 1) -> None:
    """Clients who are changed so many times, each in turn."""
    with crm.begin() as tx:
        added = [tx.clients.add(name="Ada") for _ in range(clients)]
    for time in range(times):
        with crm.begin() as tx:
            for one in added:
                tx.clients.update(one.id, name=f"Ada {time}")


def _here(crm: CRM, state: str) -> Sequence[Delivery]:
    return [one for one in crm.relay.outbox.list(limit=100) if one.state == state]


def test_behind_a_dead_one_that_is_forgotten_the_next_comes_at_once(crm: CRM, orderly: Orderly) -> None:
    """And the one behind that in its turn: nobody waits until the dead one would have been looked at again."""
    _changed(crm, 3)
    crm.relay.drain()
    assert ([], 2) == (orderly.told, len(_here(crm, "waiting")))
    assert 1 == crm.relay.outbox.discard([one.id for one in _here(crm, "dead")])
    crm.relay.drain()
    assert [3, 4] == orderly.told


def test_of_many_subjects_each_goes_on(crm: CRM, orderly: Orderly, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many transactions it takes; a subject that nothing was forgotten of stays held up."""
    monkeypatch.setattr(outbox, "CHUNK", 2)
    _changed(crm, 2, clients=4)
    crm.relay.drain()
    dead = _here(crm, "dead")
    assert 3 == crm.relay.outbox.discard([one.id for one in dead[:3]])
    crm.relay.drain()
    assert [3] * 3 == orderly.told
    assert [dead[3].subject] == [one.subject for one in _here(crm, "waiting")]


def test_what_is_to_be_forgotten_never_comes(crm: CRM, orderly: Orderly, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that works between two transactions of an operator finds nothing of it due."""
    monkeypatch.setattr(outbox, "CHUNK", 1)
    _changed(crm, 4)
    crm.relay.drain()
    box, removed = crm.relay.outbox, crm.relay.outbox._removed

    def meanwhile(ids: Sequence[DeliveryId]) -> object:
        crm.relay.drain()
        return removed(ids)

    monkeypatch.setattr(box, "_removed", meanwhile)
    assert 3 == box.discard([one.id for one in box.list()][:3])
    crm.relay.drain()
    assert [5] == orderly.told


def test_behind_one_that_is_being_told_nobody_comes_before_its_time(crm: CRM, clock: FrozenClock) -> None:
    """It is forgotten, but its handler may still be at work: two of one subject never run at once."""
    _changed(crm, 2)
    queue = crm.relay.queue
    queue.expand(10)
    named = ["orderly.hear"]
    (claimed,) = queue.claim(10, named, named)
    assert 1 == crm.relay.outbox.discard([claimed.delivery.id])
    assert [] == queue.claim(10, named, named)
    clock.go_on(seconds=61)
    assert 1 == len(queue.claim(10, named, named))
