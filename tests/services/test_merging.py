"""Two clients become one: nothing is lost, nothing doubled, and the old id leads on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from owners_only import OwnersOnly

from crmkit import CRM, Client, Field, MemoryBlobs, Money, Transaction
from crmkit.domain.client import ExternalId
from crmkit.domain.collection import Collection
from crmkit.domain.consent import Consent
from crmkit.domain.merge import Merge
from crmkit.domain.records import HANGING, RECORDS
from crmkit.domain.where import Test
from crmkit.errors import Conflict, CRMError, Invalid, NotFound
from crmkit.events import ClientMerged, ContactPointUpdated, DealMoved, Event
from crmkit.ids import ClientId
from crmkit.ports import Query
from crmkit.storage.opening import open_storage
from crmkit.testing import FrozenClock, a_slot, an_attempt, new_id

CARD = Field("client", "card", str)
LEVEL = Field("client", "level", int)
Pair = tuple[Client, Client]


@pytest.fixture
def pair(crm: CRM) -> Pair:
    """Ana, who has one of everything, and Anna, into whom she will be merged."""
    with crm.begin() as tx:
        ana = tx.clients.add(
            name="Ana", phone="+79120000001", email="ana@example.org", owner="4", language="ru", tags=["vip"],
            custom=[CARD.to("A-1"), LEVEL.to(1)], external_ids={"shop": "1", "mail": "9"},
        )  # fmt: skip
        anna = tx.clients.add(
            name="Anna", phone="+79120000002", tags=["new"], custom=[LEVEL.to(2)], external_ids={"shop": "2"}
        )
        one_of_everything(tx, ana.id)
        return tx.clients.get(ana.id), tx.clients.get(anna.id)


@attrs.frozen
class Points:
    """What a plugin keeps of a client."""

    client_id: ClientId
    number: int = 0


POINTS = Collection(Points, key="client_id", client="client_id", plugin="loyalty")


def one_of_everything(tx: Transaction, id: ClientId) -> None:
    contact = tx.contacts.add(id, name="Boss")
    tx.contacts.update(contact.id, name="The boss")
    tx.data(POINTS).put(Points(id, 5))
    tx.contact_points.add(id, messenger="@ana", network="telegram", contact_id=contact.id)
    deal = tx.deals.open(id, title="Order", amount=Money(5, "EUR"))
    tx.deals.win(deal.id)
    (bought,) = tx.purchases.list(client_id=id)
    tx.purchases.refund(bought.id, amount=Money(1, "EUR"))
    tx.deals.lose(tx.deals.open(id, title="Lost").id, reason="price")
    tx.touchpoints.record(id, channel="email", direction="inbound", origin="mail", external_id="m-1", deal_id=deal.id)
    tx.calls.start(number="+79120000001", external_id="c-1")
    tx.consents.withdraw(id, purpose="marketing", channel="sms")
    tx._unit.insert(a_slot(tx.clients.get(id), cap="*:3:604800"))
    message = tx.messages.send(id, channel="sms", purpose="service", text="Hello")
    tx._unit.insert(an_attempt(message, 2))
    tx.tasks.plan(id, title="Do", due=tx._unit.now, deal_id=deal.id)
    tx.notes.add(id, text="Note")
    tx.tickets.open(id, subject="Late", kind="complaint", purchase_id=bought.id)
    tx.documents.add(client_id=id, name="Contract", content=b"Sign here.", deal_id=deal.id)
    tx.users.put("18", name="Seller")
    tx.shares.grant(id, user="18")
    tx.clients.keep_apart(id, other=tx.clients.add(name="Anja").id)
    tx.clients.merge(tx.clients.add(name="An").id, into=id)


def hanging(crm: CRM, id: ClientId) -> dict[str, dict[Any, Any]]:
    """What hangs on a client, by kind and id."""
    with crm.read() as tx:
        found = tx._unit.store.hanging_on(id)
        return {kind.__name__: {one.id: one for one in records} for kind, records in found.items()}


def counts(crm: CRM) -> dict[str, int]:
    with crm.read() as tx:
        return {kind.__name__: len(tx._unit.store.select(Query(kind))) for kind in RECORDS}


def paths(caught: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(fault.path, fault.code) for fault in caught.value.faults]


def merged(crm: CRM, pair: Pair, **told: Any) -> Client:
    with crm.begin() as tx:
        return tx.clients.merge(pair[0].id, into=pair[1].id, **told)


def test_everything_moves_and_nothing_else_changes(crm: CRM, pair: Pair, clock: FrozenClock) -> None:
    """Every kind that hangs on a client is here; each record once, and whoever edits an old one is told."""
    ana, anna = pair
    own, before, number = hanging(crm, ana.id), hanging(crm, anna.id), counts(crm)
    assert {kind.__name__ for kind in HANGING} == own.keys()
    clock.go_on(days=1)
    merged(crm, pair)
    after = hanging(crm, anna.id)
    assert {} == hanging(crm, ana.id)
    assert {**number, "Client": number["Client"] - 1, "Merge": number["Merge"] + 1} == counts(crm)
    for kind in own:
        moved = {id: record for id, record in after[kind].items() if id in own[kind]}
        assert own[kind].keys() == moved.keys()
        for id, record in own[kind].items():
            assert anna.id == moved[id].client_id
            if hasattr(record, "version") and not getattr(record, "primary", False):
                assert (record.version + 1, clock.now()) == (moved[id].version, moved[id].updated_at)
        assert all(after[kind][id] == record for id, record in before.get(kind, {}).items())


def test_who_edits_what_has_moved_is_told(crm: CRM, pair: Pair) -> None:
    """By the version they saw, of the records and of either client."""
    ana, anna = pair
    with crm.read() as tx:
        note = tx.notes.list(client_id=ana.id)[0]
    survivor = merged(crm, pair)
    assert survivor.version > max(ana.version, anna.version)
    stale: list[Callable[[Transaction], object]] = [
        lambda tx: tx.notes.update(note.id, text="New", version=note.version),
        lambda tx: tx.clients.update(ana.id, name="New", version=ana.version),
        lambda tx: tx.clients.update(anna.id, name="New", version=anna.version),
    ]
    for verb in stale:
        with pytest.raises(Conflict), crm.begin() as tx:
            verb(tx)


def test_what_only_the_other_knew_is_added(crm: CRM, pair: Pair, clock: FrozenClock) -> None:
    """The survivor's own holds; of instants the later does."""
    ana, anna = pair
    clock.go_on(days=1)
    with crm.begin() as tx:
        tx.touchpoints.record(anna.id, channel="call", direction="inbound")
    survivor = merged(crm, pair)
    with crm.read() as tx:
        assert survivor == tx.clients.get(anna.id)
    assert ("Anna", "4", "ru", "active", "ours") == (
        survivor.name, survivor.owner, survivor.language, survivor.lifecycle, survivor.market_level,
    )  # fmt: skip
    assert ({"vip", "new"}, "A-1", 2) == (set(survivor.tags), survivor.custom[CARD], survivor.custom[LEVEL])
    assert {"shop": "2", "mail": "9"} == dict(survivor.external_ids)
    assert clock.now() == survivor.last_touched_at
    assert (ana.last_bought_at, ana.last_fell_through_at, ana.last_complained_at) == (
        survivor.last_bought_at, survivor.last_fell_through_at, survivor.last_complained_at,
    )  # fmt: skip


def test_the_merged_client_is_seen_no_more_but_found(crm: CRM, pair: Pair) -> None:
    """Lists, counts, matches and outcomes know one; every phone, email, name and id of either finds them."""
    ana, anna = pair
    number = counts(crm)["Client"]
    survivor = merged(crm, pair)
    with crm.read() as tx:
        assert number - 1 == tx.clients.count() == len(tx.clients.list(limit=100))
        for phone in ("+79120000001", "+79120000002"):
            assert (survivor,) == tx.clients.matches(phone=phone, email="ana@example.org")
        for name in (("shop", "1"), ("shop", "2"), ("mail", "9")):
            assert survivor == tx.clients.find(external_id=name)
        assert [anna.id] == [one.client_id for one in tx.outcomes.since(anna.created_at)]
        assert survivor == tx.clients.get(ana.id) == tx.clients.card(ana.id).client
        assert {ana.id: survivor, anna.id: survivor} == tx.clients.get_many([ana.id, anna.id, ClientId(new_id())])


def test_each_kind_has_one_primary_contact_point_the_survivors(crm: CRM, pair: Pair, heard: list[Event]) -> None:
    """What only the other had stays primary."""
    heard.clear()
    merged(crm, pair)
    with crm.read() as tx:
        primary = tx.contact_points.list(client_id=pair[1].id, primary=True)
    assert [("phone", "+79120000002"), ("email", "ana@example.org"), ("messenger", "telegram:ana")] == sorted(
        [(one.kind, one.match_key) for one in primary], key=lambda one: ("phone", "email", "messenger").index(one[0])
    )
    assert 1 == len([event for event in heard if isinstance(event, ContactPointUpdated)])


def test_a_merge_is_told_with_ids_only(crm: CRM, pair: Pair, heard: list[Event]) -> None:
    """The survivor is its subject; what is kept of the other shows in no repr."""
    heard.clear()
    with crm.bind(actor="17").begin() as tx:
        survivor = tx.clients.merge(pair[0].id, into=pair[1].id, reason="double")
        (left,) = tx._unit.store.select(Query(Merge, Test("merged_id", "eq", pair[0].id)))
    (event,) = [event for event in heard if isinstance(event, ClientMerged)]
    number = sum(len(records) for records in hanging(crm, survivor.id).values()) - 3  # its phone, its name, the merge
    assert (survivor.id, pair[0].id, left.id, "double", number, survivor.version, "17") == (
        event.subject, event.merged_id, event.merge_id, event.reason, event.moved, event.version, event.actor,
    )  # fmt: skip
    assert "Ana" in left.merged.name
    assert not any(word in repr(left) for word in ("Ana", "Anna", "A-1", "vip"))


def test_what_was_said_stays_with_who_said_it(crm: CRM, pair: Pair) -> None:
    """The strictest of both holds until a yes is given that has seen every no."""
    ana, anna = pair
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="marketing", channel="sms")
        assert tx.consents.may_contact(anna.id, purpose="marketing", channel="sms").allowed
    merged(crm, pair)
    with crm.begin() as tx:
        for id in (ana.id, anna.id):
            assert "withdraw" == tx.consents.may_contact(id, purpose="marketing", channel="sms").reason
        said = tx._unit.store.select(Query(Consent))
        assert {ana.id, anna.id} == {one.orig_subject for one in said}
        assert {anna.id} == {one.client_id for one in said}
        yes = tx.consents.grant(ana.id, purpose="marketing", channel="sms")
        assert (anna.id, anna.id, 2, {str(ana.id): 2, str(anna.id): 1}) == (
            yes.client_id, yes.orig_subject, yes.seq, dict(yes.seen),
        )  # fmt: skip
        assert tx.consents.may_contact(anna.id, purpose="marketing", channel="sms").allowed


def test_a_watermark_counts_for_whom_it_was_read(crm: CRM, pair: Pair) -> None:
    """A form put before one of two cannot undo what the other had said, whenever it comes back."""
    ana, anna = pair
    with crm.begin() as tx:
        for _ in range(3):
            tx.consents.grant(ana.id, purpose="marketing", channel="email")
        tx.consents.withdraw(anna.id, purpose="marketing", channel="email")
        shown = tx.consents.watermark(ana.id)
    merged(crm, pair)
    with crm.begin() as tx:
        assert shown == tx.consents.watermark(ana.id)
        yes = tx.consents.grant(ana.id, purpose="marketing", channel="email", seen=shown)
        assert {str(ana.id): shown} == dict(yes.seen)
        assert not tx.consents.may_contact(anna.id, purpose="marketing", channel="email").allowed
        tx.consents.grant(anna.id, purpose="marketing", channel="email", seen=tx.consents.watermark(anna.id))
        assert tx.consents.may_contact(anna.id, purpose="marketing", channel="email").allowed


def test_a_chain_of_merges_leads_to_its_end(crm: CRM) -> None:
    """Whichever came first, every old id is one step away."""
    with crm.begin() as tx:
        one, two, three, four = [tx.clients.add(name=name, phone="+79120000001").id for name in ("1", "2", "3", "4")]
        tx.clients.merge(two, into=three)
        tx.clients.merge(one, into=two)
        tx.clients.merge(three, into=four)
    with crm.read() as tx:
        assert [four] * 4 == [tx.clients.get(id).id for id in (one, two, three, four)]
        assert {one, two, three} == {left.merged_id for left in tx._unit.store.select(Query(Merge))}
        assert {four} == {left.client_id for left in tx._unit.store.select(Query(Merge))}
        assert 4 == tx.contact_points.count(client_id=one)


def test_what_cannot_be_merged_is_refused(crm: CRM, pair: Pair) -> None:
    """One client twice, also by an old id; into one put away; from or into nobody; on a stale version."""
    ana, anna = pair
    with crm.begin() as tx:
        away = tx.clients.archive(tx.clients.add(name="Away").id)
        with pytest.raises(Invalid) as caught:
            tx.clients.merge(ana.id, into=ana.id)
        assert [("into", "same")] == paths(caught)
        with pytest.raises(Invalid) as caught:
            tx.clients.merge(ana.id, into=away.id)
        assert [("into", "archived")] == paths(caught)
        for pair_of_ids in ((ana.id, ClientId(new_id())), (ClientId(new_id()), ana.id)):
            with pytest.raises(NotFound):
                tx.clients.merge(pair_of_ids[0], into=pair_of_ids[1])
        tx.clients.merge(away.id, into=anna.id)
        for id in (away.id, anna.id):
            with pytest.raises(Invalid, match="one client already"):
                tx.clients.merge(id, into=away.id)
    for stale in ({"version": ana.version + 1}, {"into_version": anna.version}):
        with pytest.raises(Conflict):
            merged(crm, pair, **stale)
    assert ana == crm.run(lambda tx: tx.clients.get(ana.id))


def test_a_remembered_result_leads_on_too(crm: CRM, pair: Pair) -> None:
    """`crm.run` under a key returns the client as it is now: the survivor."""
    crm.run(lambda tx: tx.clients.get(pair[0].id), key="once")
    survivor = merged(crm, pair)
    assert survivor == crm.run(lambda tx: tx.clients.get(pair[0].id), key="once")


def test_a_page_whose_last_client_was_merged_away_is_gone(crm: CRM, pair: Pair) -> None:
    """It must not go on from where the survivor stands."""
    with crm.read() as tx:
        page = tx.clients.list(order_by="created_at", limit=1)
        assert (pair[0], True) == (page[0], page.next is not None)
    merged(crm, pair)
    with pytest.raises(Invalid, match="gone"), crm.read() as tx:
        tx.clients.list(order_by="created_at", limit=1, after=page.next)


def test_names_in_other_systems_may_be_several_after_a_merge(crm: CRM, pair: Pair) -> None:
    """The one that is not shown finds the client, can be shown instead, and is still nobody else's."""
    survivor = merged(crm, pair)
    with crm.begin() as tx:
        with pytest.raises(Invalid, match="name in that system"):
            tx.clients.add(name="Eve", external_ids={"shop": "1"})
        tx.clients.update(survivor.id, external_ids={"shop": "1"})
        names = tx._unit.store.hanging_on(survivor.id)[ExternalId]
        assert [("shop", "1")] == [(one.system, one.value) for one in names]
        assert tx.clients.find(external_id=("shop", "2")) is None


def test_only_who_sees_both_may_merge(url: str) -> None:
    """To others a client is not there, before a merge and by its old id after it."""
    with CRM.open(url, access=OwnersOnly(), blobs=MemoryBlobs()) as crm:
        boss, seller = crm.bind(actor="boss"), crm.bind(actor="17")
        with boss.begin() as tx:
            mine = tx.clients.add(name="Mine", owner="17").id
            also, theirs = tx.clients.add(name="Also", owner="17").id, tx.clients.add(name="Theirs", owner="4").id
            one_of_everything(tx, also)
        for id, into in ((mine, theirs), (theirs, mine)):
            with pytest.raises(NotFound), seller.begin() as tx:
                tx.clients.merge(id, into=into)
        with seller.begin() as tx:
            tx.clients.merge(also, into=mine)
            assert mine == tx.clients.get(also).id
        assert {} == hanging(boss, also)
        with boss.begin() as tx:
            tx.clients.assign(mine, owner="4")
        for id in (also, mine):
            with pytest.raises(NotFound), seller.read() as tx:
                tx.clients.get(id)


def test_two_who_merge_each_other_leave_one(url: str) -> None:
    """Ana into Anna and Anna into Ana at once: one comes first, the other finds that they are one already."""
    crm = CRM(open_storage(url))
    with crm.begin() as tx:
        one, two = tx.clients.add(name="Ana").id, tx.clients.add(name="Anna").id
    started, said = threading.Barrier(2), list[str]()

    def merge(id: ClientId, into: ClientId) -> None:
        started.wait()
        try:
            crm.run(lambda tx: tx.clients.merge(id, into=into).id)
            said.append("merged")
        except CRMError as error:
            said.append(str(error))

    threads = [threading.Thread(target=merge, args=ids) for ids in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ["into: These are one client already.", "merged"] == sorted(said)
    with crm.read() as tx:
        assert 1 == tx.clients.count()
        assert tx.clients.get(one) == tx.clients.get(two)
    crm.close()


def test_a_deal_goes_on_where_it_was(crm: CRM, pair: Pair, heard: list[Event]) -> None:
    """Its history, and the number of its next step."""
    with crm.begin() as tx:
        deal = tx.deals.open(pair[0].id, title="Going on")
    merged(crm, pair)
    with crm.begin() as tx:
        tx.deals.move(deal.id, to="offer")
        tx.deals.lose(deal.id, reason="price")
        assert ["opened", "moved", "lost"] == [step.kind for step in tx.deals.history(deal.id)]
    assert pair[1].id == next(event for event in heard if isinstance(event, DealMoved)).client_id


def test_a_purchase_told_twice_around_a_merge_is_recorded_once(crm: CRM, pair: Pair) -> None:
    """A till or an exchange that repeats itself still knows the old id only."""
    told: dict[str, Any] = {"origin": "till", "external_id": "r-1"}
    touch: dict[str, Any] = {"channel": "email", "direction": "inbound", "origin": "mail", "external_id": "m-1"}
    with crm.begin() as tx:
        bought = tx.purchases.record(pair[0].id, amount=Money(1, "EUR"), **told)
    merged(crm, pair)
    number = counts(crm)
    with crm.begin() as tx:
        for id in (pair[0].id, pair[1].id):
            assert bought.id == tx.purchases.record(id, amount=Money(1, "EUR"), **told).id
            assert pair[1].id == tx.touchpoints.record(id, **touch).client_id
        stranger = tx.clients.add(name="Eve")
        with pytest.raises(Invalid, match="Another client's"):
            tx.purchases.record(stranger.id, amount=Money(1, "EUR"), **told)
    assert {**number, "Client": number["Client"] + 1} == counts(crm)


def test_a_merge_into_the_silent_wakes_them(crm: CRM, clock: FrozenClock) -> None:
    """The later of both instants counts, so that run_due leaves the survivor alone."""
    with crm.begin() as tx:
        old, new = tx.clients.add(name="Old", lifecycle="active"), tx.clients.add(name="New", lifecycle="active")
        tx.touchpoints.record(old.id, channel="call", direction="inbound")
    clock.go_on(days=170)
    with crm.begin() as tx:
        tx.touchpoints.record(new.id, channel="call", direction="inbound")
        tx.clients.merge(new.id, into=old.id)
    clock.go_on(days=20)
    assert 0 == crm.run_due().went_dormant
    clock.go_on(days=161)
    assert 1 == crm.run_due().went_dormant
    assert timedelta(days=351) == clock.now() - old.created_at
