"""Forgetting what was told: several at a time, and never what somebody else has taken over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import pytest

from crmkit import CRM, Transaction
from crmkit.domain.delivery import Delivery
from crmkit.domain.where import EVERYTHING
from crmkit.errors import StorageBusy
from crmkit.events import ClientAdded
from crmkit.plugins import Plugin, on
from crmkit.plugins.delivery import settling
from crmkit.testing import FrozenClock

EVENTS = 12


class Hearing(Plugin[None]):
    """Does what the test says, at each event."""

    name = "hearing"
    does: Callable[[], object] = staticmethod(lambda: None)

    @on(ClientAdded)
    def hears(self, event: ClientAdded) -> None:
        self.does()


class Ordered(Plugin[None]):
    name = "ordered"

    @on(ClientAdded, ordered=True)
    def hears(self, event: ClientAdded) -> None:
        """Hear in order."""


def _commits(crm: CRM, monkeypatch: pytest.MonkeyPatch) -> list[AbstractContextManager[Transaction]]:
    """Every transaction that the relay begins from now on."""
    begun, begin = list[AbstractContextManager[Transaction]](), crm.relay.queue._begin

    def counted() -> AbstractContextManager[Transaction]:
        begun.append(begin())
        return begun[-1]

    monkeypatch.setattr(crm.relay.queue, "_begin", counted)
    return begun


def _happen(crm: CRM, events: int = EVENTS) -> None:
    with crm.begin() as tx:
        for _ in range(events):
            tx.clients.add(name="Ada")


def _left(crm: CRM) -> int:
    with crm.read() as tx:
        return tx._unit.store.count(Delivery, EVERYTHING)


@pytest.mark.parametrize(
    ("plugin", "quick", "commits"),
    [(Hearing, 60.0, 3), (Hearing, 0.0, 2 + EVENTS), (Ordered, 60.0, 2 + EVENTS)],
    ids=["quick", "slow", "in order"],
)
def test_those_told_in_no_time_are_forgotten_in_one_commit(
    monkeypatch: pytest.MonkeyPatch, plugin: type[Plugin[None]], quick: float, commits: int
) -> None:
    """Making deliveries and claiming them is one commit each; who is quick showed it the last time."""
    monkeypatch.setattr(settling, "QUICK", quick)
    monkeypatch.setattr(settling, "TOGETHER", 60.0)
    with CRM.open("memory://", plugins=[plugin()], delivery="external") as crm:
        _happen(crm, 1)
        crm.relay.drain()
        _happen(crm)
        begun = _commits(crm, monkeypatch)
        did = crm.relay.run_once()
        assert (EVENTS, commits, 0) == (did.told, len(begun), _left(crm))


def test_nothing_waits_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not forgotten is told again if the process dies, so many quick ones do not add up."""
    monkeypatch.setattr(settling, "QUICK", 60.0)
    monkeypatch.setattr(settling, "TOGETHER", 0.0)
    with CRM.open("memory://", plugins=[Hearing()], delivery="external") as crm:
        _happen(crm)
        begun = _commits(crm, monkeypatch)
        assert (EVENTS, 2 + EVENTS) == (crm.relay.run_once().told, len(begun))


def test_before_one_who_may_take_long_is_told_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was slow the last time may be slow again, or die."""
    monkeypatch.setattr(settling, "TOGETHER", 60.0)
    plugin, left = Hearing(), list[int]()
    with CRM.open("memory://", plugins=[plugin], delivery="external") as crm:
        plugin.does = lambda: left.append(_left(crm))
        monkeypatch.setattr(settling, "QUICK", 0.0)
        _happen(crm, 4)
        crm.relay.drain()
    assert [4, 3, 2, 1] == left


def test_what_somebody_else_took_over_is_theirs_and_the_others_are_forgotten(
    monkeypatch: pytest.MonkeyPatch, clock: FrozenClock
) -> None:
    """The fence holds for each delivery of a commit, not for the commit."""
    monkeypatch.setattr(settling, "QUICK", 60.0)
    monkeypatch.setattr(settling, "TOGETHER", 60.0)
    plugin, told = Hearing(), list[int]()
    with CRM.open("memory://", clock=clock, plugins=[plugin], delivery="external") as crm:
        other = CRM(crm._shared.storage, clock=clock, plugins=[Hearing()], delivery="external")
        _happen(crm, 1)
        crm.relay.drain()

        def hear() -> None:
            told.append(1)
            if len(told) == 4:
                clock.go_on(seconds=61)
                assert 1 == len(other.relay.queue.claim(1, ["hearing.hears"], ()))

        plugin.does = hear
        told.clear()
        _happen(crm, 4)
        did = crm.relay.run_once()
        assert (4, 3, 1) == (len(told), did.told, _left(crm))


def test_what_was_told_before_an_interrupt_is_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C between two events must not double the first."""
    monkeypatch.setattr(settling, "QUICK", 60.0)
    monkeypatch.setattr(settling, "TOGETHER", 60.0)
    plugin, told = Hearing(), list[int]()
    with CRM.open("memory://", plugins=[plugin], delivery="external") as crm:

        def hear() -> None:
            if len(told) == 3:
                raise KeyboardInterrupt
            told.append(1)

        plugin.does = hear
        _happen(crm, 5)
        with pytest.raises(KeyboardInterrupt):
            crm.relay.run_once()
        assert 2 == _left(crm)


def test_a_storage_that_was_busy_when_they_were_to_be_forgotten_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise they would be told once more when their lease is over, though nobody died."""
    monkeypatch.setattr(settling, "QUICK", 0.0)
    with CRM.open("memory://", plugins=[Hearing()], delivery="external") as crm:
        _happen(crm, 1)
        done, busy = crm.relay.queue.done, [StorageBusy()]

        def once_busy(some: Sequence[tuple[Delivery, bool]]) -> int:
            if busy:
                raise busy.pop()
            return done(some)

        monkeypatch.setattr(crm.relay.queue, "done", once_busy)
        with pytest.raises(StorageBusy):
            crm.relay.run_once()
        assert ([], 0) == (busy, _left(crm))
