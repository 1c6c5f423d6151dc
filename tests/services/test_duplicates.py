"""Clients who are reached the same way are told to whoever sees them all."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from crmkit import CRM, Duplicates, Transaction
from crmkit.errors import Invalid, NotFound
from crmkit.events import ClientKeptApart, Event
from crmkit.ids import ClientId


@pytest.fixture(params=["memory", "sqlite"])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> CRM:
    return CRM.open("memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/crm.db", region="RU")


def added(tx: Transaction, name: str, *phones: str, email: str | None = None) -> ClientId:
    """A client with several phones."""
    client = tx.clients.add(name=name, email=email)
    for phone in phones:
        tx.contact_points.add(client.id, phone=phone)
    return client.id


def told(tx: Transaction) -> list[tuple[str, list[str]]]:
    return [(one.kind, [client.name for client in one.clients]) for one in tx.clients.duplicates()]


def test_who_is_reached_alike_is_told_once_for_each_way(crm: CRM) -> None:
    """In any spelling; the same phone twice of one client is nothing to tell."""
    with crm.begin() as tx:
        added(tx, "Anna", "8 912 345-67-89", "8 912 000-00-01", email="a@example.com")
        added(tx, "Anya", "+7 (912) 345-67-89", email="A@example.com")
        added(tx, "Boris", "8 912 000-00-02")
        both = ["Anna", "Anya"]
        assert [("phone", both), ("email", both)] == told(tx)
        (one, *_) = tx.clients.duplicates()
        assert isinstance(one, Duplicates)
        assert "9123456789" not in repr(one)


def test_a_merge_leaves_nothing_to_tell_and_so_does_keeping_apart(crm: CRM) -> None:
    """A family shares a phone: each two of them are said to be two, in either order, and told of once."""
    events: list[Event] = []
    crm.on(ClientKeptApart)(events.append)
    with crm.begin() as tx:
        family = [added(tx, name, "8 912 345-67-89") for name in ("Anna", "Boris", "Clara")]
        twins = [added(tx, "Dora", email="d@example.com") for _ in range(2)]
    with crm.begin() as tx:
        tx.clients.merge(twins[0], into=twins[1])
        assert [("phone", ["Anna", "Boris", "Clara"])] == told(tx)
        for one, other in ((0, 1), (2, 1), (1, 0)):
            tx.clients.keep_apart(family[one], other=family[other])
        assert [("phone", ["Anna", "Boris", "Clara"])] == told(tx)
    with crm.begin() as tx:
        tx.clients.keep_apart(family[0], other=family[2])
        assert [] == told(tx)
    assert 3 == len(events)


def test_pages_tell_each_once(crm: CRM) -> None:
    """Whatever was kept apart in between; the cursor holds no phone."""
    with crm.begin() as tx:
        for number in range(23):
            pair = [added(tx, f"{number:02}", f"8 912 000-00-{number:02}") for _ in range(2)]
            if number % 3 == 0:
                tx.clients.keep_apart(pair[0], other=pair[1])
    with crm.read() as tx:
        names, after = list[str](), None
        while True:
            page = tx.clients.duplicates(limit=4, after=after)
            names += [one.clients[0].name for one in page]
            if (after := page.next) is None:
                break
            assert "912" not in after
            assert 4 == len(page)
        assert [f"{number:02}" for number in range(23) if number % 3] == names


def test_what_cannot_be_kept_apart_is_refused(crm: CRM) -> None:
    """One client from itself, or from nobody; and a page after nothing."""
    with crm.begin() as tx:
        one = added(tx, "Anna")
        with pytest.raises(Invalid, match="different"):
            tx.clients.keep_apart(one, other=one)
    with crm.begin() as tx:
        other = tx.clients.add(name="Boris").id
        tx.clients.archive(other)
        with pytest.raises(Invalid, match="gone"):
            tx.clients.duplicates(after="zz")
        with pytest.raises(Invalid, match="limit"):
            tx.clients.duplicates(limit=0)
    with crm.begin() as tx, pytest.raises(NotFound):
        tx.clients.keep_apart(one, other=ClientId(UUID(int=7)))
