"""The second wall: PostgreSQL hides what crmkit's own predicate would, if that were not there (safety A7)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import attrs
import pytest
from brute_force import POLICY
from busy_shop import Shop
from comparing import played
from kept_shop import HEARD, OF_THEIR_OWN, kept_in
from promises.fixtures import Tell
from right_calls import VERBS, call, dump, good_calls
from without import without_predicates

from crmkit import CRM, Client, MemoryStorage, Purchase, Transaction
from crmkit.access import Policy, System
from crmkit.audit import Audit
from crmkit.domain.scope import EVERYONE
from crmkit.domain.sight import Sees, sees
from crmkit.domain.where import EVERYTHING
from crmkit.errors import CRMError, Forbidden, Invalid, NotFound
from crmkit.events import ClientAdded
from crmkit.plugins import EventContext, Plugin, on
from crmkit.ports import RECORDS, Query
from crmkit.storage.opening import open_storage
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.schema import TABLES
from crmkit.storage.sql.transaction import SQLTransaction
from crmkit.testing import FrozenClock
from crmkit.testing.suite.opened import commit, writing
from crmkit.testing.suite.scopes import SCOPES, WORLD, Known


def test_nothing_leaks_where_only_the_wall_hides(walled_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The same comparison as without a wall, with not one predicate in any statement of crmkit's."""
    with without_predicates():
        assert 200 < played(lambda _: open_storage(walled_url), runs=1, rounds=5, reads=30, log=caplog)


def test_without_either_everything_leaks(postgresql_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """So it is the wall that hides."""
    with without_predicates(), pytest.raises(AssertionError):
        played(lambda _: open_storage(postgresql_url), runs=1, rounds=10, reads=30, log=caplog)


@pytest.mark.heavy
def test_a_connection_that_many_use_tells_each_only_theirs(
    walled_url: str, clock: FrozenClock, no_predicates: None, tell: Tell
) -> None:
    """Ten thousand times another actor, after whatever end; between them it shows nothing at all."""
    storage, random = SQLStorage(walled_url), Random("pool")
    crm = CRM(storage, access=POLICY, clock=clock)
    with crm.bind(actor=System("setup")).begin() as tx:
        for user in USERS:
            tx.users.put(user, name=user, roles=["seller"])
    for user in USERS:
        with crm.bind(actor=user).begin() as tx:
            for _ in range(int(user)):
                tx.clients.add(name=f"Of {user}")
    servers, right, between = set[object](), 0, 0
    for _ in range(10_000):
        user, end = random.choice(USERS), random.choice(ENDS)
        bound = crm.bind(actor=user)
        with suppress(CRMError, _Undone), random.choice((bound.begin, bound.read))() as tx:
            right += [user] * int(user) == [client.owner for client in tx.clients.list(limit=50)]
            end(tx)
        with storage.connections.outside() as link:
            (said,) = link.execute("SELECT pg_backend_pid(), (SELECT count(*) FROM crm_client)").fetchall()
        servers.add(said[0])
        between += said[1]
    crm.close()
    tell("A7", "postgresql", "heavy", {"checkouts": 10_000, "shown theirs": right, "shown in between": between}, "")
    assert (1, 10_000, 0) == (len(servers), right, between)


USERS = ("1", "2", "3", "5")


def _undo(_: Transaction) -> None:
    raise _Undone


def _break(tx: Transaction) -> None:
    """What the database refuses ends the transaction there, and the block here."""
    store = tx._unit.store
    assert isinstance(store, SQLTransaction)
    store.rows("SELECT 1 / 0")


ENDS: tuple[Callable[[Transaction], None], ...] = (lambda _: None, _undo, _break)


@pytest.mark.heavy
def test_thousands_of_answers_tell_nothing_behind_the_wall_alone(
    empty_walled: Callable[[], str], no_predicates: None, caplog: pytest.LogCaptureFixture, tell: Tell
) -> None:
    """In several shops, each in an empty store."""
    tried = played(lambda _: open_storage(empty_walled()), runs=3, rounds=10, reads=30, log=caplog)
    tell(
        "A7", "postgresql, the wall alone", "heavy", {"answers compared": tried, "that tell of somebody hidden": 0}, ""
    )
    assert 2700 == tried


class _Undone(Exception):
    """What was done is looked at, and undone."""


def _all_that_is_written(crm: CRM, verb: str, given: Any) -> list[Any]:
    """Call a verb as the keeper of everything, and read all there is then, whoever may see it."""
    found: list[Any] = []
    with pytest.raises(_Undone), crm.bind(actor="keeper").begin() as tx:
        call(tx, verb, given)
        store = tx._unit.store
        store.narrow(EVERYONE)
        found = [sorted(store.select(Query[Any](kind)), key=lambda one: str(one.id)) for kind in RECORDS]
        raise _Undone
    return found


@pytest.mark.parametrize("hides", ["both", "wall alone"])
def test_every_verb_does_the_same_behind_the_wall(
    walled_url: str, clock: FrozenClock, hides: str, request: pytest.FixtureRequest
) -> None:
    """Whatever of it is not seen any more afterwards: what is given away, merged, revoked."""
    if hides == "wall alone":
        request.getfixturevalue("no_predicates")
    (here, ids), (there, same) = kept_in(open_storage(walled_url), clock), kept_in(MemoryStorage(), clock)
    assert same == ids
    for verb in set(VERBS) - {"clients.add", "clients.ensure"}:  # whose owner would be somebody else
        given = good_calls(ids)[verb]
        assert _all_that_is_written(there, verb, given) == _all_that_is_written(here, verb, given), verb
    here.close()


@pytest.mark.parametrize("hides", ["both", "wall alone"])
def test_no_verb_reaches_through_the_wall(
    walled_url: str, clock: FrozenClock, hides: str, request: pytest.FixtureRequest
) -> None:
    """What a stranger does not see is not found, what others only see is not changed, and nothing is written."""
    if hides == "wall alone":
        request.getfixturevalue("no_predicates")
    crm, ids = kept_in(open_storage(walled_url), clock)
    before = dump(crm.bind(actor=System("look")))
    for actor, may in (
        ("eve", OF_THEIR_OWN), ("aud", HEARD),
        ("kim", HEARD | {"clients.add", "clients.ensure"}),
    ):  # fmt: skip
        for verb in sorted(set(VERBS) - may):
            refused = (NotFound, Forbidden, Invalid) if actor == "eve" else Forbidden
            with crm.bind(actor=actor).begin() as tx, pytest.raises(refused):
                call(tx, verb, good_calls(ids)[verb])
    assert before == dump(crm.bind(actor=System("look")))
    crm.close()


def _without_conditions(seen: Sees) -> Sees:
    """What no policy can say is left out."""
    return sees(**{
        "sights" if entity == "client" else entity: [attrs.evolve(sight, where=EVERYTHING) for sight in sights]
        for entity, sights in seen.sights.items()
    })  # fmt: skip


def test_the_wall_shows_what_the_rule_says(walled_url: str, no_predicates: None) -> None:
    """Of every kind, to every scope, and to whom it lets change something; and of what is kept beside the records."""
    storage, known = SQLStorage(walled_url), Known(WORLD)
    commit(storage, *WORLD)
    for name, scope in SCOPES.items():
        narrow = attrs.evolve(scope, sees=_without_conditions(scope.sees))
        with writing(storage, narrow) as tx:
            assert isinstance(tx, SQLTransaction)
            clients = {one.id for one in WORLD if isinstance(one, Client) and narrow.shows(one, known)}
            buyers = {one.client_id for one in WORLD if isinstance(one, Purchase) and narrow.shows(one, known)}
            for kind in RECORDS:
                shown = {one.id for one in WORLD if type(one) is kind and narrow.shows(one, known)}
                assert shown == {one.id for one in tx.select(Query(kind))}, (name, kind)
                rows = tx.rows(f"SELECT id FROM {TABLES[kind].name} FOR UPDATE")
                assert shown == {one for (one,) in rows}, (name, kind)
            for table, seen in (("crm_search", clients), ("crm_month", buyers)):
                assert seen == {one for (one,) in tx.rows(f"SELECT client_id FROM {table}")}, (name, table)
    storage.close()


class Counting(Plugin[None]):
    """Writes down how many clients there are for whoever added one."""

    name = "counting"

    def __init__(self) -> None:
        super().__init__()
        self.counted = list[tuple[str | None, int]]()

    @on(ClientAdded)
    def count(self, ctx: EventContext, event: ClientAdded) -> None:
        """Add to them, too."""
        with ctx.begin() as tx:
            tx.notes.add(event.client_id, text="Counted")
            self.counted.append((event.actor, tx.clients.count()))


def test_an_observer_stands_behind_the_wall_of_whoever_caused_it(
    walled_url: str, clock: FrozenClock, no_predicates: None
) -> None:
    """The journal, which only the house sees, is told all the same."""
    counting = Counting()
    with CRM.open(walled_url, access=POLICY, clock=clock, plugins=[counting], delivery="inline") as crm:
        with crm.bind(actor=System("setup")).begin() as tx:
            for user in ("17", "18"):
                tx.users.put(user, name=user, roles=["seller"])
        for user in ("17", "18", "17"):
            with crm.bind(actor=user).begin() as tx:
                tx.clients.add(name="Anna")
        assert [("17", 1), ("18", 1), ("17", 2)] == counting.counted
        assert 7 == crm.health().journal


def test_an_administrator_who_sees_less_verifies_all_of_the_journal(walled_url: str, clock: FrozenClock) -> None:
    """A journal that the wall hides would look empty, and empty looks sound."""
    policy = attrs.evolve(POLICY.roles[0], name="keeper", admin=True)
    with CRM.open(walled_url, access=Policy(policy), clock=clock, audit=Audit(list[object]().append)) as crm:
        with crm.bind(actor=System("setup")).begin() as tx:
            tx.users.put("17", name="Keeper", roles=["keeper"])
            for _ in range(3):
                tx.clients.add(name="Another's", owner="18")
        crm.run_due()
        with crm.bind(actor="17").read() as tx:
            found = tx.audit.verify()
            assert (1, 1, True) == (found.entries, found.seals, not found.breaches)
            assert 0 == tx.clients.count()


def test_exports_take_out_no_more_where_only_the_wall_hides(walled_url: str, no_predicates: None) -> None:
    """What may be exported is another scope than what is seen, and the wall hears of it."""
    shop = Shop(open_storage(walled_url), 7, users=6)
    for _ in range(12):
        shop.go_on()
    everything, rows = shop.everything(), 0
    for actor in filter(everything.may_export, shop.users):
        right = list(shop.exported_by(actor, everything).export_clients(reason="look"))
        assert right == list(shop.crm.bind(actor=actor).export_clients(reason="look")), actor
        rows += len(right)
    shop.crm.close()
    assert rows
