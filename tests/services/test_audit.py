"""tx.audit.list: who changed what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from crmkit import CRM, Audited, Source, from_builtins, to_builtins
from crmkit.domain.events.envelope import BY_TOPIC
from crmkit.errors import Invalid
from crmkit.events import Event
from crmkit.ids import ClientId
from crmkit.testing import FrozenClock


@attrs.frozen
class BadgeEarned(Event):
    """A plugin's own."""

    badge: int
    client_id: ClientId | None


del BY_TOPIC[BadgeEarned.topic]  # of these tests alone: the catalogue is compared with what crmkit exports


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the journal read it back."""
    monkeypatch.setitem(BY_TOPIC, BadgeEarned.topic, BadgeEarned)


def topics(crm: CRM, **asked: Any) -> list[str]:
    with crm.read() as tx:
        return [one.event.topic for one in tx.audit.list(**asked)]


def test_the_newest_comes_first_whoever_did_it(crm: CRM, clock: FrozenClock) -> None:
    """Of one transaction, too; with actor, source and correlation id."""
    bound = crm.bind(actor="17", source=Source("web"), correlation_id="r-1")
    with bound.begin() as tx:
        tx.clients.add(name="Ana", phone="+4930901820")
        client = tx.clients.add(name="Anna")
    clock.go_on(minutes=1)
    with crm.bind(actor="18").begin() as tx:
        tx.clients.update(client.id, region="DE")
    with crm.read() as tx:
        newest, *older = tx.audit.list()
    assert ("18", "client.updated") == (newest.event.actor, newest.event.topic)
    assert client.id == older[0].event.subject
    assert [("17", Source("web"), "r-1")] * 2 == [
        (one.event.actor, one.event.source, one.event.correlation_id) for one in older
    ]


def test_it_is_asked_by_actor_and_by_window(crm: CRM, clock: FrozenClock) -> None:
    """Not before the one, before the other."""
    instants = list[Any]()
    for number in range(4):
        with crm.bind(actor=str(17 + number % 2)).begin() as tx:
            tx.users.put(str(number), name="Anna")
        instants.append(clock.now())
        clock.go_on(minutes=1)
    assert 4 == len(topics(crm))
    assert 2 == len(topics(crm, actor="17"))
    assert [] == topics(crm, actor="1")
    assert 2 == len(topics(crm, since=instants[1], until=instants[3]))
    assert 1 == len(topics(crm, since=instants[1], until=instants[3], actor="17"))
    assert [] == topics(crm, since=instants[3] + timedelta(microseconds=1))


def test_it_is_asked_by_client(crm: CRM) -> None:
    """Every event that happened to it, a plugin's too; of an import's many events those of this one."""
    with crm.begin() as tx:
        tx.clients.add(name="Ana")
        client = tx.clients.add(name="Anna")
        deal = tx.deals.open(client.id, title="Order")
        tx.tell(BadgeEarned, badge=1, client_id=client.id)
        tx.tell(BadgeEarned, badge=2, client_id=None)
    with crm.begin() as tx:
        tx.deals.win(deal.id)
    told = topics(crm, client_id=client.id)
    assert ["client.activated", "deal.won", "purchase.recorded"] == sorted(told[:3])
    assert [BadgeEarned.topic, "deal.opened", "client.added"] == told[3:]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_follow_one_another(crm: CRM, limit: int) -> None:
    """However many events an entry has, each is on one page."""
    for number in range(5):
        with crm.begin() as tx:
            for _ in range(number):
                tx.clients.add(name="Anna")
    whole, paged = topics_and_ids(crm, limit=50), list[Any]()
    with crm.read() as tx:
        page = tx.audit.list(limit=limit)
        paged += page
        while page.next is not None:
            page = tx.audit.list(limit=limit, after=page.next)
            assert 0 < len(page) <= limit
            paged += page
    assert whole == [(one.event.topic, one.event.id) for one in paged]
    assert 10 == len(whole)


def topics_and_ids(crm: CRM, **asked: Any) -> list[Any]:
    with crm.read() as tx:
        return [(one.event.topic, one.event.id) for one in tx.audit.list(**asked)]


def test_values_are_masked_where_they_might_be_logged(crm: CRM) -> None:
    """Attributes and JSON say them; `repr` does not."""
    with crm.begin() as tx:
        tx.clients.update(tx.clients.add(name="Ana").id, name="canary")
    with crm.read() as tx:
        (last,) = tx.audit.list(limit=1)
    assert "canary" not in repr(last)
    assert "canary" == to_builtins(last)["personal"][0]["after"]
    assert last == from_builtins(Audited, to_builtins(last))


@pytest.mark.parametrize(
    "asked",
    [
        {"client_id": 7}, {"actor": ""}, {"since": "today"}, {"until": 7}, {"limit": 0}, {"limit": 1001}, {"after": "x"},
        {"after": 7}, {"after": "0" * 32}, {"after": "0" * 32 + "9" * 20}, {"after": "0" * 32 + "7"},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(crm: CRM, asked: Any) -> None:
    """In the caller's words."""
    with crm.read() as tx, pytest.raises(Invalid) as caught:
        tx.audit.list(**asked)
    assert [*asked] == [fault.path for fault in caught.value.faults]


def test_an_event_that_nobody_can_read_here_is_still_its_clients(crm: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a plugin that is gone: by what it calls a client_id."""
    with crm.begin() as tx:
        client = tx.clients.add(name="Anna")
        tx.tell(BadgeEarned, badge=1, client_id=client.id)
        tx.tell(BadgeEarned, badge=2, client_id=None)
    monkeypatch.delitem(BY_TOPIC, BadgeEarned.topic)
    if crm.health().storage != "memory":
        assert [BadgeEarned.topic, "client.added"] == topics(crm, client_id=client.id)
    assert [BadgeEarned.topic, BadgeEarned.topic, "client.added"] == topics(crm)
