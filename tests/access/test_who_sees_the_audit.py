"""Who looks through the audit: evidence says of whom, and what hangs on another client is not there."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

import pytest

from crmkit import CRM, Audited, Client
from crmkit.access import Policy, Role, System
from crmkit.errors import Forbidden, Invalid, NotFound
from crmkit.ids import ClientId
from crmkit.testing import FrozenClock

POLICY = Policy(
    Role("seller", read="own", write="own"),
    Role("head", read="team", write="team", evidence="team"),
    Role("officer", read="all", evidence="all", on={"deal": {"evidence": "none"}}),
    Role("keeper", read="own", evidence="own", admin=True),
)
ANN, BOB, HAL, OFF, KAT = "ann", "bob", "hal", "off", "kat"


@pytest.fixture(params=["memory", "sqlite"])
def crm(request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock) -> Generator[CRM]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/shop.db"
    with CRM.open(url, access=POLICY, clock=clock) as crm:
        with crm.bind(actor=System("setup")).begin() as tx:
            tx.teams.put("north", name="North")
            tx.teams.put("south", name="South")
            for user, team, role in (
                (ANN, "north", "seller"), (BOB, "south", "seller"), (HAL, "north", "head"), (OFF, None, "officer"),
                (KAT, None, "keeper"),
            ):  # fmt: skip
                tx.users.put(user, name=user, team=team, roles=[role])
        yield crm


def added(crm: CRM, actor: str) -> Client:
    with crm.bind(actor=actor).begin() as tx:
        return tx.clients.add(name=f"Of {actor}")


def listed(crm: CRM, actor: str, client: ClientId | None = None) -> list[Audited]:
    with crm.bind(actor=actor).read() as tx:
        return list(tx.audit.list(client_id=client, limit=1000))


def topics(crm: CRM, actor: str, client: ClientId | None = None) -> list[str]:
    return [one.event.topic for one in listed(crm, actor, client)]


def test_a_head_sees_what_the_team_did(crm: CRM) -> None:
    """And nothing of others', nor of users."""
    ours, theirs = added(crm, ANN), added(crm, BOB)
    assert ["client.added"] == topics(crm, HAL) == topics(crm, HAL, ours.id)
    with pytest.raises(NotFound):
        listed(crm, HAL, theirs.id)


def test_to_see_a_client_is_not_to_see_its_audit(crm: CRM) -> None:
    """Evidence is a right of its own; of whom one sees one is told so, for there is nothing to hide."""
    ours = added(crm, ANN)
    assert [] == topics(crm, ANN)
    with pytest.raises(Forbidden):
        listed(crm, ANN, ours.id)


def test_what_was_shared_is_shared_without_its_audit(crm: CRM) -> None:
    """A share gives a client to work on, and no more."""
    ours = added(crm, BOB)
    with crm.bind(actor=BOB).begin() as tx:
        tx.shares.grant(ours.id, user=HAL, right="write")
    with pytest.raises(Forbidden):
        listed(crm, HAL, ours.id)


def test_a_kind_may_be_left_out(crm: CRM) -> None:
    """Evidence of everything but deals."""
    ours = added(crm, ANN)
    with crm.bind(actor=ANN).begin() as tx:
        deal = tx.deals.open(ours.id, title="Order")
        tx.deals.update(deal.id, title="Web order")
        tx.clients.update(ours.id, name="Anna")
    assert ["client.updated", "client.added"] == topics(crm, OFF, ours.id)
    assert ["client.updated", "deal.updated", "deal.opened", "client.added"] == topics(crm, HAL, ours.id)


def test_of_users_hears_who_puts_them(crm: CRM) -> None:
    """Or who has evidence of everybody; both without a client."""
    assert {"user.put", "team.put"} == {*topics(crm, KAT)} == {*topics(crm, OFF)}
    assert [] == topics(crm, HAL)


def test_a_client_has_the_past_of_whom_was_merged_into_it(crm: CRM) -> None:
    """The head sees the survivor, and so what was of either; before, the other one was not theirs."""
    ours, theirs = added(crm, ANN), added(crm, BOB)
    with crm.bind(actor=BOB).begin() as tx:
        tx.clients.update(theirs.id, name="Hers")
    assert ["client.added"] == topics(crm, HAL)
    with crm.bind(actor=System("house")).begin() as tx:
        tx.clients.merge(theirs.id, into=ours.id)
    merged = listed(crm, HAL, ours.id)
    assert ["client.merged", "client.updated", "client.added", "client.added"] == [one.event.topic for one in merged]
    assert merged == listed(crm, HAL, theirs.id) == listed(crm, HAL)
    assert ["Of bob"] == [was.before for one in merged for was in one.personal]


def test_two_clients_told_apart_are_two_again(crm: CRM) -> None:
    """What was said of the other one's note goes with it, though the event was the survivor's."""
    ours, theirs = added(crm, ANN), added(crm, BOB)
    with crm.bind(actor=BOB).begin() as tx:
        note = tx.notes.add(theirs.id, text="Late")
    with crm.bind(actor=System("house")).begin() as tx:
        tx.clients.merge(theirs.id, into=ours.id)
        tx.notes.update(note.id, text="Too late")
    assert ["Late"] == [was.before for one in listed(crm, HAL) for was in one.personal]
    with crm.bind(actor=System("house")).begin() as tx:
        tx.clients.unmerge(theirs.id)
    told = listed(crm, HAL)
    assert ["note.updated", "client.added"] == [one.event.topic for one in told]
    assert [] == [was for one in told for was in one.personal]


def test_a_page_begins_after_what_one_saw(crm: CRM) -> None:
    """A cursor of an event that is hidden leads nowhere, in the words of one that never was."""
    for actor in (ANN, BOB, ANN):
        added(crm, actor)
    with crm.bind(actor=OFF).read() as tx:
        first = tx.audit.list(limit=2)
        second = tx.audit.list(limit=2, after=first.next)
    assert [ANN, BOB, ANN] == [one.event.actor for one in (*first, *second)][:3]
    with crm.bind(actor=HAL).read() as tx:
        hidden, unknown = [_refused(partial(tx.audit.list, after=one)) for one in (first.next, "0" * 40)]
    assert hidden == unknown


def _refused(ask: Callable[[], object]) -> object:
    with pytest.raises(Invalid) as caught:
        ask()
    return caught.value.faults
