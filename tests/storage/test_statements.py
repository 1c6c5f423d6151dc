"""How many statements a question takes, and whether they find their way without reading whole tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from itertools import groupby
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmkit.domain.call import Call
from crmkit.domain.client import Client
from crmkit.domain.consent import Consent
from crmkit.domain.contact import Contact
from crmkit.domain.deal import Deal
from crmkit.domain.document import Document
from crmkit.domain.ids import NIL
from crmkit.domain.money import Money
from crmkit.domain.note import Note
from crmkit.domain.purchase import Purchase
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE, Scope
from crmkit.domain.sight import ALL
from crmkit.domain.ticket import Ticket
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.where import EVERYTHING, Test
from crmkit.fields import F
from crmkit.ports import StorageTransaction
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.transaction import SQLTransaction
from crmkit.testing import NOON, a_client, a_consent, a_contact_point, a_purchase, a_touchpoint, new_id
from crmkit.testing.suite.opened import commit, reading, writing


@pytest.fixture
def storage(tmp_path: Path) -> Generator[SQLStorage]:
    storage = SQLStorage(f"sqlite:///{tmp_path}/crm.db")
    yield storage
    storage.close()


#: What reads all of a table; a count that stands alone, or of a subquery, reads none.
WHOLE = r"SCAN (?!CONSTANT ROW|anon_)|USE TEMP B-TREE FOR DISTINCT"


def _sent(tx: StorageTransaction, work: Callable[[], Any]) -> list[str]:
    """The statements *work* sends to the database."""
    sent: list[str] = []
    assert isinstance(tx, SQLTransaction)
    driver: Any = tx.connection.link
    driver.set_trace_callback(sent.append)
    work()
    driver.set_trace_callback(None)
    return sent


def test_many_ids_take_one_statement_for_each_chunk(storage: SQLStorage) -> None:
    """Never one for each id, and never one statement text for each count of them."""
    with reading(storage) as tx:
        assert 2 == len(_sent(tx, lambda: tx.get_many(Client, [new_id() for _ in range(700)])))
        for count in range(1, 40):
            tx.get_many(Client, [new_id() for _ in range(count)])
    kept = storage.statements[ALL].get
    assert {1, 2, 4, 8, 16, 32, 64, 256, 512} == {count for kind, count in kept if kind is Client}


def test_lists_of_values_share_statements(storage: SQLStorage) -> None:
    """A hundred lengths of a list are eight statements, not a hundred."""
    with reading(storage) as tx:
        for count in range(1, 100):
            tx.select(Query(Client, F.client.owner.in_(map(str, range(count)))))
    assert 8 == len(storage.statements[ALL]._queries)  # pyright: ignore[reportPrivateUsage]


def test_registering_a_client_is_a_handful_of_statements(storage: SQLStorage) -> None:
    """New records wait for the end, and go out kind by kind; nothing that is only waiting is asked for."""
    ada = a_client()
    tx = storage.begin(write=True, scope=EVERYONE)

    def register() -> None:
        tx.insert(ada)
        tx.insert(a_contact_point(ada))
        assert [ada] == tx.get_many(Client, [ada.id])
        assert 0 == tx.consent_head(ada.id)
        tx.insert(a_consent(ada))
        assert tx.keep(ada.id, "last_touched_at", NOON)
        tx.flush()

    written = [statement.split()[:3] for statement in _sent(tx, register)]
    kinds = ["crm_client", "crm_contact_point", "crm_consent", "crm_search"]
    assert [["INSERT", "INTO", kind] for kind in kinds] == [first for first, _ in groupby(written)]
    tx.rollback()


def test_a_change_that_nothing_is_derived_from_asks_for_nothing(storage: SQLStorage) -> None:
    """Tokens follow names: who gives a client away, or counts a refund, reads and writes none."""
    ada = a_client()
    bought = a_purchase(ada)
    commit(storage, ada, bought)
    with writing(storage) as tx:
        (client,), (purchase,) = tx.get_many(Client, [ada.id]), tx.get_many(Purchase, [bought.id])

        def change() -> None:
            tx.replace(attrs.evolve(client, owner="4", version=2), 1)
            tx.replace(attrs.evolve(purchase, refunded=Money(1, "EUR"), version=2), 1)

        assert ["UPDATE"] * 2 == [statement.split()[0] for statement in _sent(tx, change)]


def test_a_card_is_one_statement_for_each_part(storage: SQLStorage) -> None:
    """However much a client has."""
    ada = a_client()
    commit(storage, ada, *(a_touchpoint(ada) for _ in range(9)))
    with reading(storage) as tx:
        assert 10 == len(_sent(tx, lambda: tx.card(ada.id)))


@pytest.mark.parametrize("scope", [EVERYONE, Scope.own("17")], ids=["everyone", "own"])
def test_what_is_asked_often_reads_no_whole_table(storage: SQLStorage, scope: Scope) -> None:
    """A store grows; a screen must open as fast in its tenth year."""
    ada, bob = a_client(owner="17"), a_client("Bob", owner="17")
    commit(storage, ada, bob, a_touchpoint(bob), a_contact_point(bob))
    of_ada = Test("client_id", "eq", ada.id)
    asked: list[Callable[[StorageTransaction], Any]] = [
        lambda tx: tx.card(ada.id),
        lambda tx: tx.find("phone", "+4930"),
        lambda tx: tx.find_external("shop", "42"),
        lambda tx: tx.search(Query(Client, limit=50), (("anna",), ("79", "<97"))),
        lambda tx: tx.count_found(EVERYTHING, (("anna",),)),
        lambda tx: tx.months(ada.id),
        lambda tx: tx.find_merged(new_id()),
        lambda tx: tx.consent_head(ada.id),
        lambda tx: tx.consent_heads(ada.id),
        lambda tx: tx.move(bob.id, ada.id, NOON),
        lambda tx: tx.keep(ada.id, "last_touched_at", NOON),
        lambda tx: tx.get_many(Consent, [NIL, new_id()]),
        lambda tx: tx.select(Query(Client, F.client.owner.eq("17"), limit=50)),
        lambda tx: tx.select(Query(Touchpoint, of_ada, "occurred_at", descending=True, limit=5, after=(NOON, NIL))),
        lambda tx: tx.select(Query(Touchpoint, Test("external_id", "eq", "1") & Test("origin", "eq", "pbx"))),
        lambda tx: tx.outcomes(NOON, {"bought"}),
    ]
    with writing(storage, scope) as tx:
        assert isinstance(tx, SQLTransaction)
        for work in asked:
            for statement in _sent(tx, lambda work=work: work(tx)):  # type: ignore[misc]
                plan = [row[3] for row in tx.read(f"EXPLAIN QUERY PLAN {statement}", ())]
                assert [] == [step for step in plan if re.match(WHOLE, step)], statement


def test_the_last_touchpoints_are_read_in_their_order(storage: SQLStorage) -> None:
    """Nothing is sorted: they lie together, newest last."""
    ada = a_client()
    query = Query(Touchpoint, Test("client_id", "eq", ada.id), "occurred_at", descending=True, limit=50)
    with reading(storage) as tx:
        assert isinstance(tx, SQLTransaction)
        (statement,) = _sent(tx, lambda: tx.select(query))
        plan = " ".join(row[3] for row in tx.read(f"EXPLAIN QUERY PLAN {statement}", ()))
    assert "USING PRIMARY KEY (client_id=?)" in plan
    assert "TEMP B-TREE" not in plan


def test_what_waits_is_bounded(storage: SQLStorage) -> None:
    """A million rows in one transaction take no more memory than two thousand."""
    ada = a_client()
    with writing(storage) as tx:
        tx.insert(ada)
        sent = _sent(tx, lambda: [tx.insert(a_touchpoint(ada)) for _ in range(5000)])
        inserts = [statement for statement in sent if statement.startswith("INSERT")]
    assert 4000 <= len(inserts) < 5000


IN_ORDER: dict[str, Query[Any]] = {
    "clients": Query(Client, order_by="created_at"),
    "an owner's clients": Query(Client, F.client.owner.eq("17"), "created_at"),
    "clients of a lifecycle": Query(Client, F.client.lifecycle.eq("active"), "created_at"),
    "contacts": Query(Contact, order_by="created_at"),
    "deals": Query(Deal, order_by="opened_at"),
    "an owner's deals": Query(Deal, F.deal.owner.eq("17"), "opened_at"),
    "a column of the board": Query(
        Deal, Test("status", "eq", "open") & Test("pipeline", "eq", "sales") & Test("stage", "eq", "new"), "stage_since"
    ),
    "purchases": Query(Purchase, order_by="bought_at"),
    "touchpoints": Query(Touchpoint, order_by="occurred_at"),
    "calls": Query(Call, order_by="started_at"),
    "notes": Query(Note, order_by="created_at"),
    "tickets": Query(Ticket, order_by="opened_at"),
    "documents": Query(Document, order_by="created_at"),
}


@pytest.mark.parametrize("after", [None, (NOON, NIL)], ids=["first", "further"])
@pytest.mark.parametrize("descending", [False, True], ids=["oldest", "newest"])
@pytest.mark.parametrize("asked", IN_ORDER)
def test_a_page_is_read_in_its_order(
    storage: SQLStorage, asked: str, descending: bool, after: tuple[Any, Any] | None
) -> None:
    """Nothing is sorted, so that a page costs the same in a store of any size."""
    query = attrs.evolve(IN_ORDER[asked], descending=descending, limit=50, after=after)
    with reading(storage) as tx:
        assert isinstance(tx, SQLTransaction)
        (statement,) = _sent(tx, lambda: tx.select(query))
        plan = " ".join(row[3] for row in tx.read(f"EXPLAIN QUERY PLAN {statement}", ()))
    assert "USING INDEX" in plan
    assert "USE TEMP B-TREE" not in plan


@pytest.mark.parametrize(("bought", "way"), [(2, "SEARCH"), (15, "SCAN")], ids=["few", "many"])
@pytest.mark.parametrize("scope", [EVERYONE, Scope.own("17")], ids=["all", "own"])
def test_many_outcomes_are_read_and_few_are_looked_up(
    storage: SQLStorage, monkeypatch: pytest.MonkeyPatch, bought: int, way: str, scope: Scope
) -> None:
    """SQLite does not count before it chooses; the answer is the same on either way."""
    monkeypatch.setattr("crmkit.storage.sql.accelerated.SOME", 3)
    everybody = [a_client(f"Client {number}", owner="17" if number % 3 else None) for number in range(40)]
    with writing(storage) as tx:
        for client in everybody:
            tx.insert(client)
        for client in everybody[:bought]:
            tx.keep(client.id, "last_bought_at", NOON)
    with reading(storage, scope) as tx:
        assert isinstance(tx, SQLTransaction)
        sent = _sent(tx, lambda: tx.outcomes(NOON, {"bought", "complained"}))
        plan = " ".join(row[3] for row in tx.read(f"EXPLAIN QUERY PLAN {sent[-1]}", ()))
        assert way in plan or (not scope.is_everything and "crm_client_owner" in plan)
        seen = [one for one in everybody[:bought] if scope == EVERYONE or one.owner == "17"]
        found = tx.outcomes(NOON, {"bought", "complained"})
        assert sorted(one.id for one in seen) == [one.client_id for one in found]
        assert found == StorageTransaction.outcomes(tx, NOON, {"bought", "complained"})
