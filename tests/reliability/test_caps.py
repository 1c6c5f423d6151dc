"""C14: nobody gets more than the caps allow, whoever sends at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import attrs
import pytest
from promises.withdrawals import PHONE, SENDERS, Wire

from crmkit import CRM, Message
from crmkit.consent import PERMISSIVE, Cap
from crmkit.domain.where import Test
from crmkit.errors import Conflict, StorageBusy
from crmkit.events import MessageQueued
from crmkit.plugins.delivery.subscriber import Attempt as Told
from crmkit.ports import Query
from crmkit.services import sending

CAPPED = attrs.evolve(PERMISSIVE, caps=(Cap(3, timedelta(days=7)),))


@pytest.fixture
def url(request: pytest.FixtureRequest, database: str, memory_folder: Path) -> str:
    """An empty store on the database that the test is run with."""
    if database == "memory":
        return "memory://"
    return f"sqlite:///{memory_folder}/crm.db" if database == "sqlite" else request.getfixturevalue(f"{database}_url")


@pytest.mark.parametrize("database", ["memory", "sqlite", "postgresql"])
@pytest.mark.parametrize("trials", [15, pytest.param(300, marks=pytest.mark.heavy)])
def test_eight_who_send_at_once_send_three(url: str, trials: int) -> None:
    """The others wait until there is room again."""
    wire = Wire()
    with closing(CRM.open(url, plugins=[wire], delivery="external", consent=CAPPED)) as crm:
        states = [_trial(crm) for _ in range(trials)]
    assert [{"sent": 3, "deferred": SENDERS - 3}] * trials == states
    assert 3 * trials == len(wire.taken)


@pytest.mark.parametrize("database", ["memory"])
def test_without_a_place_taken_it_would_be_noticed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The race bites."""
    monkeypatch.setattr(sending, "take_places", _take_none)
    with closing(CRM.open(url, plugins=[Wire()], delivery="external", consent=CAPPED)) as crm:
        assert {"sent": SENDERS} == _trial(crm)


def _take_none(*_: object) -> None:
    """Forget to count."""


def _trial(crm: CRM) -> dict[str, int]:
    """Eight messages, decided on before any of them goes; what became of them."""
    queued = list[MessageQueued]()
    crm.on(MessageQueued)(queued.append)
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone=PHONE)
        tx.consents.grant(anna.id, purpose="marketing", channel="sms")
        for number in range(SENDERS):
            tx.messages.send(anna.id, channel="sms", purpose="marketing", text=f"{number}")
    mine = [one for one in queued if one.client_id == anna.id]
    start, handle = Barrier(SENDERS), crm.relay.subscribers["wire.channel:sms"].handle

    def send(event: MessageQueued) -> None:
        start.wait()
        while True:
            with suppress(Conflict, StorageBusy):
                handle(event, Told(f"{event.id}", 1, event.at + timedelta(hours=1), 0))
                return

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, mine))
    with crm.read() as tx:
        messages: list[Any] = tx._unit.store.select(Query(Message, Test("client_id", "eq", anna.id)))
    states = [one.state for one in messages]
    assert all(one.reason == "frequency_cap" and one.until for one in messages if one.state == "deferred")
    return {state: states.count(state) for state in ("sent", "deferred") if state in states}
