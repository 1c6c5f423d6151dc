"""A merge undone: each has its own again, and no refusal is lost on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmkit import CRM, Client, Field, Money
from crmkit.domain.client import ExternalId
from crmkit.domain.merge import Merge
from crmkit.domain.records import RECORDS
from crmkit.errors import Conflict, Invalid, NotFound
from crmkit.events import ClientUnmerged, Event
from crmkit.ids import ClientId
from crmkit.ports import Query
from crmkit.testing import FrozenClock, new_id

CARD = Field("client", "card", str)
Pair = tuple[Client, Client]


@pytest.fixture
def pair(crm: CRM) -> Pair:
    """Ana, an active client, merged into Anna, a prospect."""
    with crm.begin() as tx:
        ana = tx.clients.add(
            name="Ana", phone="+79120000001", owner="4", tags=["vip"], custom=[CARD.to("A-1")],
            external_ids={"shop": "1"},
        )  # fmt: skip
        anna = tx.clients.add(name="Anna", phone="+79120000002", tags=["new"])
        tx.purchases.record(ana.id, amount=Money(5, "EUR"))
        tx.touchpoints.record(ana.id, channel="call", direction="inbound")
        tx.tickets.open(ana.id, subject="Late", kind="complaint")
        before = tx.clients.get(ana.id), tx.clients.get(anna.id)
        tx.clients.merge(ana.id, into=anna.id)
        return before


def stored(crm: CRM, client: Client) -> list[Any]:
    """A client and all of theirs, but for versions and when they were last written."""
    with crm.read() as tx:
        found = tx._unit.store.hanging_on(client.id)
        records = [tx.clients.get(client.id), *(record for records in found.values() for record in records)]
    passing = ("version", "updated_at")
    return [{name: getattr(one, name) for name in one.__slots__ if name not in passing} for one in records]


def unmerged(crm: CRM, id: ClientId) -> Client:
    with crm.begin() as tx:
        return tx.clients.unmerge(id)


def test_undone_at_once_both_are_as_they_were(crm: CRM, clock: FrozenClock) -> None:
    """Values, kept instants, records, primaries; only versions and the instant of writing tell of it."""
    with crm.begin() as tx:
        ana = tx.clients.add(name="Ana", phone="+79120000001", email="a@example.org", external_ids={"shop": "1"})
        anna = tx.clients.add(name="Anna", phone="+79120000002", external_ids={"shop": "2"}, tags=["x"])
        for one in (ana, anna):
            tx.deals.lose(tx.deals.open(one.id, title="Order").id, reason="price")
            tx.consents.withdraw(one.id)
            tx.notes.add(one.id, text="Note")
        tx.purchases.record(ana.id, amount=Money(5, "EUR"))
        tx.clients.merge(tx.clients.add(name="An").id, into=ana.id)
    before = stored(crm, ana), stored(crm, anna)
    clock.go_on(days=1)
    with crm.begin() as tx:
        tx.clients.merge(ana.id, into=anna.id)
    assert before != (stored(crm, ana), stored(crm, anna))
    unmerged(crm, ana.id)
    assert before == (stored(crm, ana), stored(crm, anna))


def test_no_record_is_lost_or_doubled(crm: CRM, pair: Pair) -> None:
    """But the merge's own, which is gone."""
    with crm.read() as tx:
        before = [len(tx._unit.store.select(Query(kind))) for kind in RECORDS]
    unmerged(crm, pair[0].id)
    with crm.read() as tx:
        after = {kind: len(tx._unit.store.select(Query(kind))) for kind in RECORDS}
    changed = {kind: after[kind] - count for kind, count in zip(RECORDS, before, strict=True) if after[kind] != count}
    assert {Client: 1, Merge: -1} == changed


def test_what_came_since_stays_with_the_survivor(crm: CRM, pair: Pair, clock: FrozenClock) -> None:
    """By whichever id it came; kept instants follow the records."""
    ana, anna = pair
    clock.go_on(days=1)
    with crm.begin() as tx:
        since = tx.touchpoints.record(ana.id, channel="email", direction="inbound")
        bought = tx.purchases.record(anna.id, amount=Money(1, "EUR"))
    restored = unmerged(crm, ana.id)
    with crm.read() as tx:
        assert [since] == list(tx.touchpoints.list(client_id=anna.id))
        assert [bought.id] == [one.id for one in tx.purchases.list(client_id=anna.id)]
        survivor = tx.clients.get(anna.id)
    assert (ana.last_touched_at, ana.last_bought_at, ana.last_complained_at) == (
        restored.last_touched_at, restored.last_bought_at, restored.last_complained_at,
    )  # fmt: skip
    assert (clock.now(), clock.now(), None) == (
        survivor.last_touched_at, survivor.last_bought_at, survivor.last_complained_at,
    )  # fmt: skip


def test_who_has_bought_meanwhile_is_no_prospect_again(crm: CRM, pair: Pair) -> None:
    """The state came from the other, but by now it is their own."""
    with crm.begin() as tx:
        tx.purchases.record(pair[1].id, amount=Money(1, "EUR"))
    unmerged(crm, pair[0].id)
    with crm.read() as tx:
        survivor = tx.clients.get(pair[1].id)
    assert ("active", "ours") == (survivor.lifecycle, survivor.market_level)


def test_what_a_merge_filled_in_goes_unless_somebody_changed_it(crm: CRM, pair: Pair) -> None:
    """Owner and tag came from the other; the tag of today and the new card are the survivor's own."""
    ana, anna = pair
    with crm.begin() as tx:
        tx.clients.update(anna.id, tags=["vip", "new", "today"], custom=[CARD.to("A-2")])
    unmerged(crm, ana.id)
    with crm.read() as tx:
        survivor = tx.clients.get(anna.id)
        assert ana.id == getattr(tx.clients.find(external_id=("shop", "1")), "id", None)
    assert (None, {"new", "today"}, "A-2", {}) == (
        survivor.owner, set(survivor.tags), survivor.custom[CARD], dict(survivor.external_ids),
    )  # fmt: skip
    assert ("prospect", "potential") == (survivor.lifecycle, survivor.market_level)


def test_what_hangs_on_a_deal_goes_where_the_deal_goes(crm: CRM, clock: FrozenClock) -> None:
    """Lost, won or refunded since: its steps, its purchase and the refund are of one client."""
    with crm.begin() as tx:
        ana, anna = tx.clients.add(name="Ana"), tx.clients.add(name="Anna")
        deal = tx.deals.open(ana.id, title="Order", amount=Money(5, "EUR"))
        tx.clients.merge(ana.id, into=anna.id)
        tx.deals.lose(deal.id, reason="price")
        tx.deals.reopen(deal.id)
        tx.deals.win(deal.id)
        (bought,) = tx.purchases.list(client_id=anna.id)
        tx.purchases.refund(bought.id, amount=Money(1, "EUR"))
    restored = unmerged(crm, ana.id)
    with crm.read() as tx:
        survivor = tx.clients.get(anna.id)
        assert {ana.id} == {step.client_id for step in tx.deals.history(deal.id)}
        assert {ana.id} == {one.client_id for one in tx.purchases.refunds(bought.id)}
        assert (1, 0) == (tx.purchases.count(client_id=ana.id), tx.purchases.count(client_id=anna.id))
    assert (clock.now(), clock.now()) == (restored.last_bought_at, restored.last_fell_through_at)
    assert (None, None) == (survivor.last_bought_at, survivor.last_fell_through_at)


def test_a_no_said_meanwhile_holds_for_both(crm: CRM, pair: Pair) -> None:
    """Nobody knows which of them said it; what was said before stays with who said it, and no yes is copied."""
    ana, anna = pair
    with crm.begin() as tx:
        tx.clients.unmerge(ana.id)
        tx.consents.withdraw(anna.id, purpose="marketing", channel="sms")
        for one in (ana, anna):
            for channel in ("email", "post"):
                tx.consents.grant(one.id, purpose="marketing", channel=channel)
        tx.clients.merge(ana.id, into=anna.id)
        tx.consents.withdraw(ana.id, purpose="marketing", channel="email")
        tx.consents.grant(anna.id, purpose="marketing", channel="push")
        tx.clients.unmerge(ana.id)
        said = {
            (one.name, channel): tx.consents.may_contact(one.id, purpose="marketing", channel=channel).reason
            for one in pair
            for channel in ("email", "post", "sms", "push")
        }
        last = list(tx.consents.list(client_id=ana.id))[-1]
        assert (ana.id, ana.id, 3, "withdraw") == (last.client_id, last.orig_subject, last.seq, last.kind)
    assert {
        ("Ana", "email"): "withdraw", ("Ana", "post"): "granted", ("Ana", "sms"): "none", ("Ana", "push"): "none",
        ("Anna", "email"): "withdraw", ("Anna", "post"): "granted", ("Anna", "sms"): "withdraw",
        ("Anna", "push"): "granted",
    } == said  # fmt: skip


def test_each_kind_has_its_primary_again(crm: CRM, pair: Pair) -> None:
    """Who stepped down for the survivor's steps up; whose place was taken finds another."""
    ana, anna = pair
    with crm.begin() as tx:
        (theirs,) = [one for one in tx.contact_points.list(client_id=anna.id) if not one.primary]
        second = tx.contact_points.add(anna.id, phone="+79120000003")
        tx.contact_points.update(theirs.id, primary=True)
        tx.contact_points.invalidate(tx.contact_points.list(client_id=anna.id)[1].id)
        tx.clients.unmerge(ana.id)
        for one, point in ((ana, theirs), (anna, second)):
            assert [point.id] == [found.id for found in tx.contact_points.list(client_id=one.id, primary=True)]


def test_who_was_primary_is_so_again_though_another_is_older(crm: CRM) -> None:
    """A merge knows whose place it took."""
    with crm.begin() as tx:
        ana, anna = tx.clients.add(name="Ana", phone="+79120000001"), tx.clients.add(name="Anna", phone="+79120000002")
        second = tx.contact_points.add(ana.id, phone="+79120000003", primary=True)
        tx.clients.merge(ana.id, into=anna.id)
        assert not tx.contact_points.get(second.id).primary
        tx.clients.unmerge(ana.id)
        assert [second.id] == [point.id for point in tx.contact_points.list(client_id=ana.id, primary=True)]


def test_a_restored_client_has_a_version_nobody_has_seen(crm: CRM, pair: Pair) -> None:
    """Neither of its own before the merge, nor of the survivor by its id."""
    ana, _ = pair
    with crm.begin() as tx:
        seen = max(tx.clients.update(ana.id, name=f"Anna {number}").version for number in range(9))
    restored = unmerged(crm, ana.id)
    assert ("Ana", ana.id) == (restored.name, restored.id)
    assert restored.version > seen
    for version in (ana.version, seen):
        with pytest.raises(Conflict), crm.begin() as tx:
            tx.clients.update(ana.id, name="Ana", version=version)


def test_undoing_is_told_and_leaves_no_trace(crm: CRM, pair: Pair, heard: list[Event]) -> None:
    """A second time there is nothing to undo; merging again is a new merge."""
    ana, anna = pair
    heard.clear()
    restored = unmerged(crm, ana.id)
    (event,) = [event for event in heard if isinstance(event, ClientUnmerged)]
    assert (ana.id, anna.id, 5, restored.version) == (event.subject, event.survivor_id, event.moved, event.version)
    for id in (ana.id, anna.id, ClientId(new_id())):
        with pytest.raises(NotFound):
            unmerged(crm, id)
    with crm.begin() as tx:
        assert anna.id == tx.clients.merge(ana.id, into=anna.id).id == tx.clients.get(ana.id).id


def test_a_merge_can_be_undone_for_thirty_days(crm: CRM, pair: Pair, clock: FrozenClock) -> None:
    """To the instant; afterwards it is refused, and nothing is written."""
    clock.go_on(days=30)
    clock.at += timedelta(microseconds=1)
    with pytest.raises(Invalid, match="30 days") as caught:
        unmerged(crm, pair[0].id)
    assert [("id", "too_late")] == [(fault.path, fault.code) for fault in caught.value.faults]
    clock.at -= timedelta(microseconds=1)
    assert pair[0].id == unmerged(crm, pair[0].id).id


def test_the_first_of_a_chain_can_be_undone_alone(crm: CRM, pair: Pair) -> None:
    """Its survivor was merged onward and took its things along: it gets them back, and the others never had them."""
    ana, anna = pair
    with crm.begin() as tx:
        last = tx.clients.add(name="Last", phone="+79120000009")
        tx.clients.merge(anna.id, into=last.id)
        assert ("4", "active") == (tx.clients.get(last.id).owner, tx.clients.get(last.id).lifecycle)
        tx.consents.withdraw(anna.id, channel="sms")
        tx.clients.unmerge(ana.id)
        assert (1, 0) == (tx.purchases.count(client_id=ana.id), tx.purchases.count(client_id=last.id))
        assert 1 == tx.consents.count(client_id=ana.id, kind="withdraw")
        apart = tx.clients.get(last.id)
        assert (None, "prospect", {"new"}) == (apart.owner, apart.lifecycle, set(apart.tags))
        assert last.id == tx.clients.get(anna.id).id
        tx.clients.merge(ana.id, into=last.id)
        again = tx.clients.unmerge(anna.id)
        assert (None, "prospect", {"new"}, None) == (
            again.owner,
            again.lifecycle,
            set(again.tags),
            again.last_bought_at,
        )
        assert [1, 1, 2] == [tx.contact_points.count(client_id=id) for id in (again.id, anna.id, last.id)]
        assert {last.id} == {left.client_id for left in tx._unit.store.select(Query(Merge))}


def test_the_last_of_a_chain_takes_its_own_along(crm: CRM, pair: Pair) -> None:
    """Who had been merged into the one that leaves leaves with them, and can still be told apart."""
    ana, anna = pair
    with crm.begin() as tx:
        last = tx.clients.add(name="Last")
        tx.clients.merge(anna.id, into=last.id)
        tx.clients.unmerge(anna.id)
        assert [anna.id, anna.id, last.id] == [tx.clients.get(id).id for id in (ana.id, anna.id, last.id)]
        assert 1 == tx.purchases.count(client_id=ana.id)
        tx.clients.unmerge(ana.id)
        assert [ana.id, anna.id] == [tx.clients.get(id).id for id in (ana.id, anna.id)]
        assert (1, 0) == (tx.purchases.count(client_id=ana.id), tx.purchases.count(client_id=anna.id))


def test_a_name_that_was_given_up_meanwhile_does_not_come_back(crm: CRM, pair: Pair) -> None:
    """Another client may have it by now."""
    ana, anna = pair
    with crm.begin() as tx:
        tx.clients.update(anna.id, external_ids={})
        other = tx.clients.add(name="Other", external_ids={"shop": "1"})
        assert {} == dict(tx.clients.unmerge(ana.id).external_ids)
        assert other == tx.clients.find(external_id=("shop", "1"))
        assert 1 == len(tx._unit.store.select(Query(ExternalId)))
