"""`once`: until nothing is due any more."""

from __future__ import annotations

from threading import Event as Signal

import pytest

from crmkit import CRM, Source
from crmkit.domain.events import UnknownEvent
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import EventId
from crmkit.errors import Conflict
from crmkit.events import ClientAdded
from crmkit.plugins import Plugin, on
from crmkit.ports import Entry
from crmkit.relay import run
from crmkit.testing import FrozenClock


class Hearing(Plugin[None]):
    """Counts whom it heard of."""

    name = "hearing"

    def __init__(self) -> None:
        super().__init__()
        self.heard = 0

    @on(ClientAdded)
    def hears(self, event: ClientAdded) -> None:
        self.heard += 1


@pytest.fixture
def hearing() -> Hearing:
    return Hearing()


@pytest.fixture
def crm(url: str, clock: FrozenClock, hearing: Hearing) -> CRM:
    return CRM.open(url, clock=clock, plugins=[hearing], delivery="external")


def _two_are_added(crm: CRM) -> None:
    with crm.begin() as tx:
        tx.clients.add(name="Ada")
        tx.clients.add(name="Grace")


def test_an_event_of_a_newer_crmkit_keeps_nobody_from_hearing_the_others(crm: CRM, hearing: Hearing) -> None:
    """It is put off, which is not the end of what is due."""
    with crm:
        with crm.begin() as tx:
            unit = tx._unit
            unknown = UnknownEvent(
                EventId(unit.new_id()), unit.now, None, Source("code"), None, 1, "7", "client.teleported", "{}"
            )
            unit.store.append(Entry((unknown,), FrozenMap({"hearing.hears": (0,)})))
        _two_are_added(crm)
        crm.relay.queue.expand(10)
        did = run(crm, Signal(), once=True, limit=1)
    assert (2, 2, 1) == (hearing.heard, did.told, did.left)


def test_a_relay_that_comes_second_to_a_claim_looks_again(
    crm: CRM, hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one gave back what this one was about to take: more may be due."""
    with crm:
        _two_are_added(crm)
        crm.relay.queue.expand(10)
        claim, times = crm.relay.queue.claim, iter([Conflict("delivery")])

        def interfered(limit: int, served: list[str], ordered: list[str]) -> object:
            if (error := next(times, None)) is not None:
                raise error
            return claim(limit, served, ordered)

        monkeypatch.setattr(crm.relay.queue, "claim", interfered)
        run(crm, Signal(), once=True)
    assert 2 == hearing.heard
