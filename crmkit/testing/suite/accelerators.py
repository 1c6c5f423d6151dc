"""What a storage does faster gives the answer of the plain form; and a scope hides the same on every way to read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from crmkit.domain.access_count import AccessCount
from crmkit.domain.card import CARD_LIMIT
from crmkit.domain.client import Client, ExternalId
from crmkit.domain.consent.notice import Notice
from crmkit.domain.consent.suppression import Suppressed
from crmkit.domain.datum import Datum
from crmkit.domain.job_run import JobRun
from crmkit.domain.outcome import OUTCOMES
from crmkit.domain.pipeline import Pipeline
from crmkit.domain.query import Query
from crmkit.domain.records import HANGING, RECORDS, Record
from crmkit.domain.scope import EVERYONE, Scope
from crmkit.domain.seal import Seal
from crmkit.domain.task import Task
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.user import Team, User
from crmkit.domain.where import EVERYTHING, Test
from crmkit.errors import Conflict
from crmkit.ports import Accelerators, Storage, StorageTransaction
from crmkit.storage.held import held_in
from crmkit.testing.builders import (
    NOON,
    a_call,
    a_client,
    a_consent,
    a_contact,
    a_contact_point,
    a_datum,
    a_deal,
    a_deal_step,
    a_document,
    a_merge,
    a_message,
    a_note,
    a_personal_change,
    a_purchase,
    a_record,
    a_refund,
    a_share,
    a_slot,
    a_task,
    a_ticket,
    a_touchpoint,
    a_user,
    an_apart,
    an_attempt,
    an_external_id,
    new_id,
)
from crmkit.testing.suite.opened import OnAStorage, commit, reading, writing

MINE = Scope.own("17")
EARLIER = NOON - timedelta(days=1)
CLIENTS = (
    a_client("Old", owner="17", created_at=EARLIER, last_bought_at=EARLIER, last_complained_at=NOON),
    a_client("Touched", owner="4", last_touched_at=NOON, last_fell_through_at=NOON),
    a_client("Touched before", owner="17", last_touched_at=EARLIER, last_bought_at=NOON),
    a_client("Nobody's", last_bought_at=NOON),
)
#: The ids of clients that were merged into them.
GONE = tuple(new_id() for _ in CLIENTS)


def _around(client: Client) -> list[Record]:
    """More of everything around a client than a card shows of the busiest kind, instants in no order."""
    several = range(3)
    return [
        a_contact_point(client),
        a_contact_point(client),
        a_contact_point(client, "ada@example.org", kind="email"),
        an_external_id(client, value=client.name),
        *(a_contact(client, f"{number}") for number in several),
        *(a_touchpoint(client, minutes=number * 7 % 60) for number in range(CARD_LIMIT + 3)),
        *(a_deal(client, opened_at=NOON - timedelta(days=number % 2)) for number in several),
        *(a_purchase(client, bought_at=NOON - timedelta(days=number % 2)) for number in several),
        *(a_task(client, status=status) for status in ("done", "open", "in_progress", "cancelled")),
        *(a_ticket(client, opened_at=NOON + timedelta(days=number % 2)) for number in several),
        a_share(client),
        *(a_personal_change(client) for _ in several),
        *(a_note(client, created_at=NOON + timedelta(days=number % 2)) for number in several),
        a_document(client),
        a_slot(client),
        an_apart(client, CLIENTS[0]),
        *(a_consent(client, number + 1, recorded_at=NOON - timedelta(days=number)) for number in several),
        a_consent(client, 2, orig_subject=GONE[CLIENTS.index(client)]),
        told := a_message(client),
        an_attempt(told, 7),
        an_attempt(told, 1, orig_subject=GONE[CLIENTS.index(client)]),
        a_merge(client, merged_id=GONE[CLIENTS.index(client)]),
        *(a_datum(client, f"{client.id} {number}") for number in several),
    ]


def _steps_of(client: Client) -> list[Record]:
    """A deal and a purchase with what hangs on them."""
    deal = a_deal(client)
    bought = a_purchase(client, deal_id=deal.id)
    return [deal, a_deal_step(deal), a_deal_step(deal, 2), bought, a_refund(bought)]


FASTER: dict[str, Callable[[Any, StorageTransaction], Any]] = {
    "count": lambda form, tx: [form.count(tx, kind, EVERYTHING) for kind in RECORDS],
    "find": lambda form, tx: [
        form.find(tx, kind, key) for kind in ("phone", "email") for key in ("+4930901820", "ada@example.org", "", "?")
    ],
    "find_external": lambda form, tx: [
        form.find_external(tx, system, one.name) for system in ("shop", "Shop") for one in CLIENTS
    ],
    "find_many": lambda form, tx: form.find_many(
        tx, {(kind, key) for kind in ("phone", "email") for key in ("+4930901820", "ada@example.org", "", "?")}
    ),
    "shared_keys": lambda form, tx: [
        form.shared_keys(tx, after, limit)
        for after in (None, ("email", "+4930901820"), ("phone", "+4930901820"), ("phone", "z"))
        for limit in (1, 2, 50)
    ],
    "find_external_many": lambda form, tx: form.find_external_many(
        tx, {(system, one.name) for system in ("shop", "Shop") for one in CLIENTS}
    ),
    "find_merged": lambda form, tx: [form.find_merged(tx, one) for one in (*GONE, *(one.id for one in CLIENTS))],
    "consent_heads": lambda form, tx: [form.consent_heads(tx, one.id) for one in (*CLIENTS, a_client())],
    "consent_head": lambda form, tx: [form.consent_head(tx, one.id) for one in (*CLIENTS, a_client())],
    "card": lambda form, tx: [form.card(tx, one.id) for one in (*CLIENTS, a_client())],
    "outcomes": lambda form, tx: [
        form.outcomes(tx, since, kinds)
        for since in (EARLIER, NOON, NOON + timedelta(microseconds=1))
        for kinds in ({"bought"}, {"fell_through", "complained"}, frozenset(OUTCOMES), frozenset[Any]())
    ],
}


class Accelerated(OnAStorage):
    """Two forms, one answer."""

    @pytest.mark.parametrize("scope", [EVERYONE, MINE], ids=["everyone", "own"])
    @pytest.mark.parametrize("name", FASTER)
    def test_the_faster_form_gives_the_plain_answer(self, storage: Storage, name: str, scope: Scope) -> None:
        """Of committed records, and of those still waiting in this transaction."""
        commit(storage, *CLIENTS, *(one for client in CLIENTS[:3] for one in _around(client)))
        with writing(storage, scope) as tx:
            for one in _around(CLIENTS[3]):
                tx.insert(one)
            tx.insert(a_consent(CLIENTS[0], 4))
            assert FASTER[name](type(tx), tx) == FASTER[name](Accelerators, tx)
        with reading(storage, scope) as tx:
            assert FASTER[name](type(tx), tx) == FASTER[name](Accelerators, tx)

    @pytest.mark.parametrize("scope", [EVERYONE, MINE], ids=["everyone", "own"])
    @pytest.mark.parametrize("some", [False, True], ids=["all", "some"])
    def test_both_forms_move_the_same(self, storage: Storage, scope: Scope, some: bool) -> None:
        """Everything that hangs on a client, or some of it, committed or waiting; from a stranger's nothing."""
        hanging = {one: [*_around(one), *_steps_of(one)] for one in CLIENTS}
        commit(storage, *CLIENTS, *(record for one in CLIENTS[:2] for record in hanging[one]))
        ids: dict[type[Record], list[Any]] = {kind: [] for kind in RECORDS}
        for record in (*hanging[CLIENTS[0]][::2], *hanging[CLIENTS[2]][::2]):
            ids[type(record)].append(record.id)
        moved, left = list[Any](), list[Any]()
        for form in ("faster", "plain"):
            tx = storage.begin(write=True, scope=scope)
            for record in hanging[CLIENTS[2]]:
                tx.insert(record)
            for one in CLIENTS[:3]:
                args = one.id, CLIENTS[3].id, NOON, ids if some else None
                moved.append((Accelerators.move if form == "plain" else tx.__class__.move)(tx, *args))
            left.append([tx.select(Query(kind)) for kind in RECORDS])
            tx.rollback()
        assert left[0] == left[1]
        assert moved[:3] == moved[3:]
        assert [True, scope is EVERYONE and not some, True] == [bool(one) for one in moved[:3]]

    @pytest.mark.parametrize("form", ["faster", "plain"])
    def test_what_moves_is_the_others_from_then_on(self, storage: Storage, form: str) -> None:
        """With everything of every kind gone from it, a client can be forgotten; before, it cannot."""
        one, other = CLIENTS[0], CLIENTS[3]
        records = [*_around(one), *_steps_of(one), a_call(one)]
        assert set(HANGING) == {type(record) for record in records}
        commit(storage, one, other, *records)
        with pytest.raises(Conflict), writing(storage) as tx:
            tx.delete(Client, one.id)
        with writing(storage) as tx:
            move: Any = Accelerators.move if form == "plain" else type(tx).move
            moved = move(tx, one.id, other.id, NOON + timedelta(days=1))
            tx.delete(Client, one.id)
        assert {kind: sorted(record.id for record in records if type(record) is kind) for kind in HANGING} == moved
        with reading(storage) as tx:
            for record in records:
                changed: dict[str, Any] = {"client_id": other.id}
                if hasattr(record, "version"):
                    changed |= {"version": 2, "updated_at": NOON + timedelta(days=1)}
                assert [attrs.evolve(record, **changed)] == tx.get_many(type(record), [record.id])  # type: ignore[misc]

    @pytest.mark.parametrize("form", ["faster", "plain"])
    def test_keeping_an_instant_only_raises_it(self, storage: Storage, form: str) -> None:
        """By the faster form and by the plain one; a stranger's client is not there."""
        commit(storage, *CLIENTS)
        with writing(storage, MINE) as tx:
            keep: Any = Accelerators.keep if form == "plain" else type(tx).keep
            said = [keep(tx, one.id, "last_bought_at", NOON - timedelta(hours=1)) for one in (*CLIENTS, a_client())]
            assert [True, False, True, False, False] == said
        with reading(storage) as tx:
            kept = [client.last_bought_at for client in tx.select(Query(Client))]
            assert [NOON - timedelta(hours=1), None, NOON, NOON] == kept

    @pytest.mark.parametrize("form", ["faster", "plain"])
    def test_many_are_kept_as_each_would_be(self, storage: Storage, form: str) -> None:
        """Found by everything one finds them by, told of months too; a taken id writes none of them."""
        one, other = CLIENTS[0], CLIENTS[3]
        kinds: list[list[Record]] = [
            [one, other],
            [a_contact_point(one), a_contact_point(other, "ada@example.org", kind="email")],
            [a_purchase(one), a_purchase(one), a_purchase(other)],
            [a_touchpoint(one), a_touchpoint(other)],
        ]
        insert_many: Any = Accelerators.insert_many if form == "plain" else None
        with writing(storage) as tx:
            for records in kinds:
                (insert_many or type(tx).insert_many)(tx, records)
            (insert_many or type(tx).insert_many)(tx, [])
            assert [one] == tx.find("phone", "+4930901820")
        with reading(storage) as tx:
            for records in kinds:
                found = tx.get_many(type(records[0]), [record.id for record in records])
                assert sorted(records, key=lambda record: record.id) == sorted(found, key=lambda record: record.id)
            assert tx.months() == Accelerators.months(tx)
            assert [other] == tx.search(Query(Client), (("ada@",),))
        new = a_touchpoint(one)
        with pytest.raises(Conflict), writing(storage) as tx:
            (insert_many or type(tx).insert_many)(tx, [new, kinds[3][0]])
        with reading(storage) as tx:
            assert [] == tx.get_many(Touchpoint, [new.id])

    @pytest.mark.parametrize("form", ["faster", "plain"])
    def test_many_instants_are_kept_as_each_would_be(self, storage: Storage, form: str) -> None:
        """Only ever raised; strangers' clients, and unknown ones, are passed over."""
        commit(storage, *CLIENTS)
        later = {one.id: NOON - timedelta(hours=1) for one in (*CLIENTS, a_client())}
        with writing(storage, MINE) as tx:
            keep_many: Any = Accelerators.keep_many if form == "plain" else type(tx).keep_many
            keep_many(tx, "last_bought_at", later)
        with reading(storage) as tx:
            kept = [client.last_bought_at for client in tx.select(Query(Client))]
            assert [NOON - timedelta(hours=1), None, NOON, NOON] == kept

    def test_the_last_touched_matches_first(self, storage: Storage) -> None:
        """Among clients with one number: last touched, then oldest; a double point counts once."""
        commit(storage, *CLIENTS, *(a_contact_point(client) for client in CLIENTS for _ in "12"))
        with reading(storage) as tx:
            assert [CLIENTS[1], CLIENTS[2], CLIENTS[0], CLIENTS[3]] == tx.find("phone", "+4930901820")
            assert [] == tx.find("email", "+4930901820")

    @pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
    def test_own_scope_hides_what_hangs_on_others(self, storage: Storage, kind: type[Record]) -> None:
        """Every way to read shows only this actor's clients and their records; people and pipelines are everybody's."""
        records = {one.owner: self._of(kind, one, storage) for one in (CLIENTS[0], CLIENTS[1], CLIENTS[3])}
        shown = list(records.values()) if "client_id" not in held_in(kind) and kind is not Client else [records["17"]]
        ids = [record.id for record in records.values()]
        with writing(storage, MINE) as tx:
            assert {one.id for one in shown} == {one.id for one in tx.get_many(kind, ids)}
            assert [[one] for one in shown] == [found for id in ids if (found := tx.get_many(kind, [id]))]
            assert all(one in tx.select(Query(kind)) for one in shown)
            hidden = [one for one in records.values() if one not in shown]
            assert not any(one in tx.select(Query(kind)) for one in hidden)
            assert len(tx.select(Query(kind))) == tx.count(kind, EVERYTHING)

    def test_a_task_of_nobody_is_seen_by_who_must_do_it(self, storage: Storage) -> None:
        """Without a client only the assignee decides; a touchpoint of nobody is seen by nobody in own scope."""
        own, foreign = a_task(assignee="17"), a_task(assignee="4")
        commit(storage, own, foreign, a_touchpoint(), a_user())
        with reading(storage, MINE) as tx:
            assert [own] == tx.select(Query(Task)) == tx.get_many(Task, [own.id, foreign.id])
            assert ([], 1) == (tx.select(Query(Touchpoint)), tx.count(User, EVERYTHING))

    def test_a_plugin_s_record_of_nobody_is_everybodys(self, storage: Storage) -> None:
        """Its counters and settings; were they hidden, their keys would be taken by what nobody sees."""
        nobodys, mine = a_datum(), a_datum(CLIENTS[0], "2")
        commit(storage, *CLIENTS, nobodys, mine, a_datum(CLIENTS[1], "3"))
        with reading(storage, MINE) as tx:
            assert [nobodys, mine] == tx.select(Query(Datum, order_by="key"))
            assert [nobodys] == tx.get_many(Datum, [nobodys.id])
            assert 1 == tx.count(Datum, Test("client_id", "eq", None))

    def test_scope_follows_the_owner_within_a_transaction(self, storage: Storage) -> None:
        """A client given away is hidden at once, and one received is shown."""
        mine, theirs = CLIENTS[0], CLIENTS[1]
        commit(storage, mine, theirs)
        with writing(storage, MINE) as tx:
            tx.replace(attrs.evolve(mine, owner="4", version=2), 1)
            tx.replace(attrs.evolve(theirs, owner="17", version=2), 1)
            assert [theirs.id] == [one.id for one in tx.select(Query(Client))]
            assert tx.card(mine.id) is None
            new = a_client("New", owner="17")
            tx.insert(new)
            tx.insert(a_touchpoint(new))
            assert [new] == tx.get_many(Client, [new.id])
            assert 1 == tx.count(Touchpoint, Test("client_id", "eq", new.id))

    @staticmethod
    def _of(kind: type[Record], client: Client, storage: Storage) -> Any:
        if kind is Client:
            commit(storage, client)
            return client
        deal, purchase, message = a_deal(client), a_purchase(client), a_message(client)
        given: dict[str, Any] = {
            "client_id": client.id, "deal_id": deal.id, "purchase_id": purchase.id, "message_id": message.id,
        }  # fmt: skip
        if kind in (User, Team, Pipeline, JobRun, AccessCount, ExternalId, Datum, Notice, Suppressed):
            given["value" if kind is ExternalId else "key" if kind is Datum else "id"] = client.name
        if kind is Seal:
            given["number"] = 1 + CLIENTS.index(client)
        fields = held_in(kind)
        record = a_record(kind, **{name: value for name, value in given.items() if name in fields})
        commit(storage, client, deal, purchase, message, record)
        return record
