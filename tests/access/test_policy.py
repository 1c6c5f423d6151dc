from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from kept_shop import HEARD, OF_THEIR_OWN, kept_in
from right_calls import VERBS, call, dump, good_calls
from small_shop import POLICY, Shop

from crmkit import CRM, MemoryStorage, Money, Transaction
from crmkit.access import Policy, Role, System
from crmkit.errors import Forbidden, Invalid, NotFound, UnknownActor
from crmkit.events import ClientAssigned, TaskUpdated
from crmkit.testing import FrozenClock


def test_everybody_sees_whose_clients_their_role_says(shop: Shop) -> None:
    """Their own, the pool's, their team's with every team below, or all; without a role nothing."""
    everybody = {"ann", "bob", "cid", "hal", None}
    assert {
        "ann": {"ann"}, "bob": {"bob", None}, "hal": {"ann", "bob", "hal"}, "boss": {"ann", "bob", "cid", "hal"},
        "cal": everybody, "aud": everybody, "dir": everybody, "new": set(),
    } == {actor: shop.sees(actor) for actor in ("ann", "bob", "hal", "boss", "cal", "aud", "dir", "new")}  # fmt: skip
    with shop.house.read() as tx:
        assert 5 == tx.clients.count()


def test_who_is_no_active_user_does_not_get_in(shop: Shop) -> None:
    """Nobody, somebody unknown, somebody who has left; what cannot be said is said before anything happens."""
    with shop.house.begin() as tx:
        tx.users.put("ann", name="Ann", active=False, roles=["seller"])
    for crm in (shop.crm, shop.as_("eve"), shop.as_("ann")):
        for door in (crm.begin, crm.read):
            with pytest.raises(UnknownActor), door():
                raise AssertionError
    with shop.house.begin() as tx:
        assert tx.clients.count()
    with pytest.raises(Invalid, match="System"):
        shop.crm.bind(actor="system:nightly")
    with shop.house.begin() as tx, pytest.raises(Invalid, match="programs"):
        tx.users.put("system:x", name="X")


def test_a_role_that_is_taken_away_is_gone_with_the_next_transaction(shop: Shop) -> None:
    """And one that is given is there; a client that goes to somebody else is theirs at once."""
    ann = shop.as_("ann")
    with shop.house.begin() as tx:
        tx.users.put("ann", name="Ann", team="north", roles=["head"])
    assert {"ann", "bob", "hal"} == shop.sees("ann")
    with shop.house.begin() as tx:
        tx.users.put("ann", name="Ann", team="north")
        tx.teams.put("south", name="South", parent="north")
    with ann.read() as tx:
        assert 0 == tx.clients.count()
    assert {"ann", "bob", "cid", "hal"} == shop.sees("hal")
    with shop.house.begin() as tx:
        tx.clients.assign(shop.clients["hal"], owner="cid")
    with shop.as_("cid").read() as tx:
        assert {shop.clients["hal"], shop.clients["cid"]} == {one.id for one in tx.clients.stream()}


@pytest.fixture
def kept(clock: FrozenClock) -> tuple[CRM, dict[str, Any]]:
    """One of everything, all of it of one client's keeper."""
    return kept_in(MemoryStorage(), clock)


@pytest.mark.parametrize("verb", sorted(set(VERBS) - OF_THEIR_OWN))
def test_no_verb_reaches_what_is_not_seen(kept: tuple[CRM, dict[str, Any]], verb: str) -> None:
    """A stranger's client is not found, nor what hangs on it, and nothing is written (safety A6)."""
    crm, ids = kept
    before = dump(crm.bind(actor=System("look")))
    with crm.bind(actor="eve").begin() as tx, pytest.raises((NotFound, Forbidden, Invalid)) as caught:
        call(tx, verb, good_calls(ids)[verb])
    house = verb.partition(".")[0] in ("users", "teams", "pipelines", "notices")
    # What it is to be linked to is looked for before the client, and is not there either.
    assert isinstance(caught.value, Forbidden if house else Invalid if verb == "touchpoints.record" else NotFound)
    assert before == dump(crm.bind(actor=System("look")))


@pytest.mark.parametrize(
    ("actor", "verb"),
    [
        (actor, verb)
        for actor, may in (("aud", set[str]()), ("kim", {"clients.add", "clients.ensure"}))
        for verb in sorted(set(VERBS) - HEARD - may)
    ],
)
def test_what_is_only_seen_is_not_changed(kept: tuple[CRM, dict[str, Any]], verb: str, actor: str) -> None:
    """By a role that reads, or by a share that does; it is said so, for who sees it knows that it is there."""
    crm, ids = kept
    before = dump(crm.bind(actor=System("look")))
    with crm.bind(actor=actor).begin() as tx, pytest.raises(Forbidden) as caught:
        call(tx, verb, good_calls(ids)[verb])
    assert caught.value.operation in ("write", "reassign", "share", "evidence")
    assert before == dump(crm.bind(actor=System("look")))


def test_whoever_hears_a_no_writes_it_down(kept: tuple[CRM, dict[str, Any]]) -> None:
    """A withdrawal needs no right to write: it holds from the moment it was said (GDPR art. 7(3))."""
    crm, ids = kept
    with crm.bind(actor="kim").begin() as tx:
        tx.consents.withdraw(ids["client"], purpose="marketing")
        with pytest.raises(Forbidden):
            tx.consents.grant(ids["client"], purpose="marketing", channel="email")


def test_a_share_shows_a_client_until_it_ends(shop: Shop, clock: FrozenClock) -> None:
    """To read, or to work on; its owner shares it, whom it was shared with gives it back and does not pass it on."""
    ann, cid, mine = shop.as_("ann"), shop.as_("cid"), shop.clients["ann"]
    with ann.begin() as tx:
        tx.shares.grant(mine, user="cid", until=clock.now() + timedelta(hours=1))
    with cid.begin() as tx:
        assert {"ann", "cid"} == {one.owner for one in tx.clients.list()}
        for refused in (
            lambda: tx.clients.update(mine, name="Mine"), lambda: tx.shares.grant(mine, user="bob"),
            lambda: tx.clients.assign(mine, owner="cid"), lambda: tx.touchpoints.record(mine, channel="call", direction="outbound"),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                refused()
    with ann.begin() as tx:
        tx.shares.grant(mine, user="cid", right="write", until=clock.now() + timedelta(hours=1))
        assert 1 == tx.shares.count(client_id=mine)
    with cid.begin() as tx:
        tx.clients.update(mine, name="Ann's")
        tx.touchpoints.record(mine, channel="call", direction="outbound")
        with pytest.raises(Forbidden):
            tx.shares.grant(mine, user="bob")
    clock.go_on(hours=1)
    assert {"cid"} == shop.sees("cid")
    with ann.begin() as tx:
        share = tx.shares.grant(mine, user="cid")
    with cid.begin() as tx:
        tx.shares.revoke(share.id)
    assert {"cid"} == shop.sees("cid")
    with ann.begin() as tx, pytest.raises(Invalid) as caught:
        tx.shares.grant(mine, user="nobody", until=clock.now())
    assert ["until"] == [fault.path for fault in caught.value.faults]
    with ann.begin() as tx, pytest.raises(Invalid, match="active user"):
        tx.shares.grant(mine, user="nobody")


def test_the_pool_is_for_those_who_may_take_from_it(shop: Shop) -> None:
    """They see it, work on it and take it; to give from it to others is a right of its own."""
    pool = shop.clients[None]
    with shop.as_("ann").begin() as tx, pytest.raises(NotFound):
        tx.clients.assign(pool, owner="ann")
    with shop.as_("bob").begin() as tx:
        tx.clients.update(pool, name="Known now")
        with pytest.raises(Forbidden):
            tx.clients.assign(pool, owner="cid")
        assert "bob" == tx.clients.assign(pool, owner="bob").owner
        with pytest.raises(Forbidden):
            tx.clients.assign(pool, owner=None)
    with shop.house.begin() as tx:
        tx.touchpoints.record(None, channel="call", direction="inbound")
        tx.tasks.plan(title="Somebody should", due=tx._unit.now, assignee=None)
    for actor, seen in (("ann", (0, 0)), ("bob", (1, 1)), ("dir", (1, 1))):
        with shop.as_(actor).read() as tx:
            assert seen == (tx.touchpoints.count(), tx.tasks.count()), actor


def test_a_head_reassigns_with_a_reason_and_tasks_follow(shop: Shop) -> None:
    """Within the team and to anybody who is there; others' tasks stay, and so do all if it is said."""
    hal, client = shop.as_("hal"), shop.clients["ann"]
    with shop.house.begin() as tx:
        due = tx._unit.now
        tx.users.put("left", name="Left", active=False)
        mine, others = (tx.tasks.plan(client, title="Do", due=due, assignee=one).id for one in ("ann", "hal"))
        done = tx.tasks.complete(tx.tasks.plan(client, title="Done", due=due, assignee="ann").id).id
    with hal.begin() as tx:
        with pytest.raises(NotFound):
            tx.clients.assign(shop.clients["cid"], owner="ann")
        for absent in ("nobody", "left"):
            with pytest.raises(Invalid, match="active user"):
                tx.clients.assign(client, owner=absent)
            with pytest.raises(Invalid, match="active user"):
                tx.shares.grant(client, user=absent)
        tx.clients.assign(client, owner="bob", reason="holiday")
        assert ["bob", "hal", "ann"] == [tx.tasks.get(one).assignee for one in (mine, others, done)]
    (assigned,) = [one for one in shop.told if isinstance(one, ClientAssigned)]
    assert ("hal", "ann", "bob", "holiday") == (assigned.actor, assigned.from_owner, assigned.to_owner, assigned.reason)
    assert [mine] == [one.task_id for one in shop.told if isinstance(one, TaskUpdated)]
    with hal.begin() as tx:
        tx.clients.assign(client, owner="ann", tasks="stay")
        assert "bob" == tx.tasks.get(mine).assignee
        tx.clients.assign(client, owner="cid")
        with pytest.raises(NotFound):
            tx.clients.get(client)
    for actor in ("bob", "ann"):
        with shop.as_(actor).begin() as tx, pytest.raises((Forbidden, NotFound)):
            tx.clients.assign(shop.clients["bob"], owner="ann")


def test_a_new_client_belongs_to_who_adds_it_or_to_whom_they_may_give_it(shop: Shop) -> None:
    """A seller adds her own, a head also her team's; a program's belong to nobody."""
    with shop.as_("ann").begin() as tx:
        assert "ann" == tx.clients.add(name="New").owner
        for owner in ("bob", None):
            with pytest.raises(Forbidden):
                tx.clients.add(name="New", owner=owner)
    with shop.as_("hal").begin() as tx:
        assert "ann" == tx.clients.add(name="New", owner="ann").owner
        with pytest.raises(Forbidden):
            tx.clients.add(name="New", owner="cid")
    with shop.house.begin() as tx:
        assert tx.clients.add(name="New").owner is None


def test_a_level_is_lower_for_a_kind_of_records(shop: Shop) -> None:
    """Callers log calls with everybody's clients; they change none of them, and see no deals."""
    with shop.house.begin() as tx:
        deal = tx.deals.open(shop.clients["ann"], title="Deal").id
    with shop.as_("cal").begin() as tx:
        tx.touchpoints.record(shop.clients["ann"], channel="call", direction="outbound")
        tx.tasks.plan(shop.clients["cid"], title="Call again", due=tx._unit.now)
        assert (0, ()) == (tx.deals.count(), tx.clients.card(shop.clients["ann"]).deals)
        with pytest.raises(NotFound):
            tx.deals.get(deal)
        for refused in (
            lambda: tx.clients.update(shop.clients["ann"], name="Mine"), lambda: tx.contacts.add(shop.clients["ann"], name="B"),
            lambda: tx.deals.open(shop.clients["ann"], title="New"),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                refused()


def test_nothing_is_written_where_nothing_is_read(clock: FrozenClock) -> None:
    """Who is shown no deals opens none, whatever their right to write."""
    policy = Policy(Role("blind", read="own", write="own", on={"deal": {"read": "none"}}))
    crm = CRM(MemoryStorage(), access=policy, clock=clock)
    with crm.bind(actor=System("setup")).begin() as tx:
        tx.users.put("17", name="Ann", roles=["blind"])
    with crm.bind(actor="17").begin() as tx:
        anna = tx.clients.add(name="Anna")
        tx.notes.add(anna.id, text="Note")
        with pytest.raises(Forbidden):
            tx.deals.open(anna.id, title="Deal")


def test_only_an_administrator_puts_users_teams_and_pipelines(shop: Shop) -> None:
    """Else a seller would make herself a director."""
    verbs: list[Callable[[Transaction], object]] = [
        lambda tx: tx.users.put("ann", name="Ann", roles=["director"]),
        lambda tx: tx.teams.put("north", name="North", lead="ann"),
        lambda tx: tx.pipelines.define("retail", stages=["new", "won"]),
    ]
    for verb in verbs:
        with shop.as_("boss").begin() as tx, pytest.raises(Forbidden):
            verb(tx)
        with shop.as_("dir").begin() as tx:
            verb(tx)


def test_a_role_says_what_is_wrong_with_it_at_once() -> None:
    """Misspelt levels, entities and operations, and levels above the client's."""
    wrong: Any = {
        "read": "some", "pool": 1,
        "on": {"client": "own", "deals": {}, "deal": {"read": "all", "see": "own", "write": "x"}},
    }  # fmt: skip
    with pytest.raises(Invalid) as caught:
        Role("", **wrong)
    assert [
        ("name", "empty"), ("read", "not_a_level"), ("pool", "not_a_flag"), ("on.client", "not_a_mapping"), ("on", "unknown"),
        ("on.deal", "unknown"), ("on.deal.write", "not_a_level"),
    ] == [(one.path, one.code) for one in caught.value.faults if one.code != "raised"]  # fmt: skip
    with pytest.raises(Invalid, match="never seen further"):
        Role("seller", read="own", on={"deal": {"read": "team"}})
    with pytest.raises(Invalid) as caught:
        Policy(Role("seller"), Role("seller"), "head")  # type: ignore[arg-type]
    assert ["not_a_role", "twice"] == [one.code for one in caught.value.faults]
    with pytest.raises(Invalid, match="Policy"):
        CRM.open("memory://", access=lambda actor: actor)  # type: ignore[arg-type]
    assert Role("seller", on={}) == Role("seller")
    assert 1 == len({POLICY, Policy(*POLICY.roles)})


def test_an_import_refuses_the_rows_that_its_actor_may_not_write(shop: Shop) -> None:
    """Each of them is told; the others are imported, and a trial run says the same."""
    with shop.house.begin() as tx:
        tx.clients.update(shop.clients["ann"], external_ids={"shop": "1"})
        tx.clients.update(shop.clients[None], external_ids={"shop": "2"})
    people: list[dict[str, Any]] = [
        {"name": "Ann's", "external_id": ("shop", "1"), "phone": "+79120000001"}, {"name": "New", "phone": "+79120000002"},
        {"name": "Bob's", "owner": "bob"},
    ]  # fmt: skip
    whose = [{"client_external_id": ("shop", number)} for number in "12"]
    calls = [{**one, "channel": "call", "direction": "inbound"} for one in whose]
    bought = [{**one, "amount": Money(5, "EUR")} for one in whose]
    for actor, expected in (
        ("aud", [(0, 0, 3), (0, 0, 2), (0, 0, 2)]),  # sees everything, writes nothing
        ("cal", [(0, 0, 3), (2, 0, 0), (2, 0, 0)]),  # adds what hangs on clients
        ("ann", [(1, 1, 1), (1, 0, 1), (1, 0, 1)]),  # her own
        ("dir", [(1, 0, 0), (2, 0, 0), (2, 0, 0)]),  # two of the three are there by now
    ):
        crm = shop.as_(actor)
        for dry_run in (True, False):
            reports = [
                crm.import_clients(people, on_match="update", dry_run=dry_run),
                crm.import_touchpoints(calls, dry_run=dry_run),
                crm.import_purchases(bought, dry_run=dry_run),
            ]
            told = [(one.added, one.updated, one.refused) for one in reports]
            assert (actor, dry_run, expected) == (actor, dry_run, told)
            for fault in [fault for one in reports for fault in one.faults]:
                assert (fault.path, fault.code) in {("client", "forbidden"), ("client_external_id", "not_found")}
