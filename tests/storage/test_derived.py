"""What SQL storages keep beside the records: always what the records say, and mended when it is not."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from crmkit.domain.client import Client
from crmkit.domain.contact import Contact
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.ids import ClientId
from crmkit.domain.money import Money
from crmkit.domain.purchase import Purchase, Refund
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE, Scope
from crmkit.domain.search import question
from crmkit.ports import Accelerators, StorageTransaction
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.derived.statements import behind
from crmkit.storage.sql.transaction import SQLTransaction
from crmkit.testing import NOON, a_client, a_contact, a_contact_point, a_purchase, a_refund
from crmkit.testing.suite.opened import commit, reading, writing

EUR = Money("1.25", "EUR")


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def storage(request: pytest.FixtureRequest, tmp_path: Any) -> Generator[SQLStorage]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/crm.db"
    else:
        url = request.getfixturevalue(f"{request.param}_url")
    storage = SQLStorage(url)
    yield storage
    storage.close()


def _raw(storage: SQLStorage, sql: str) -> list[tuple[Any, ...]]:
    with writing(storage) as tx:
        assert isinstance(tx, SQLTransaction)
        cursor = tx.execute(sql)
        return cursor.fetchall() if sql.startswith("SELECT") else []


BREAKS = {
    "a token lost": "DELETE FROM crm_search WHERE token = 'ada'",
    "a token too many": "UPDATE crm_search SET token = 'zoe' WHERE token = 'ada'",
    "everything lost": "DELETE FROM crm_search",
    "a month lost": "DELETE FROM crm_month",
    "a sum wrong": "UPDATE crm_month SET bought = bought + 1",
    "a count wrong": "UPDATE crm_month SET refunds = refunds + 1",
    "a month too many": "UPDATE crm_month SET month = '1999-01'",
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_wrong_is_mended_and_counted(storage: SQLStorage, what: str) -> None:
    """Whoever restores, interrupts or writes past crmkit gets back what the records say."""
    ada, bob = a_client(), a_client("Bob")
    bought = a_purchase(ada, amount=EUR)
    commit(storage, ada, bob, a_contact_point(ada), a_contact_point(bob), bought, a_refund(bought, amount=EUR))
    commit(storage, a_contact(ada, "Grace"))
    tokens, months = ("SELECT * FROM crm_search ORDER BY 1, 2, 3", "SELECT * FROM crm_month ORDER BY 1, 2, 3")
    right = _raw(storage, tokens), _raw(storage, months)
    _raw(storage, BREAKS[what])
    assert right != (_raw(storage, tokens), _raw(storage, months))
    with writing(storage) as tx:
        assert (2 if what == "everything lost" else 1) == tx.refresh([ada.id, bob.id])
        assert 0 == tx.refresh([ada.id, bob.id])
    assert right == (_raw(storage, tokens), _raw(storage, months))


def _changes(ada: Client, bob: Client) -> dict[str, Callable[[StorageTransaction], object]]:
    """Each change of a stored record that something is derived from."""

    def each(tx: StorageTransaction, kind: type[Any]) -> list[Any]:
        return tx.select(Query(kind))

    def evolve(tx: StorageTransaction, kind: type[Any], **given: Any) -> None:
        for one in each(tx, kind)[:1]:
            tx.replace(attrs.evolve(one, version=one.version + 1, **given), one.version)

    def delete(tx: StorageTransaction, kind: type[Any]) -> None:
        for one in each(tx, kind)[:1]:
            tx.delete(kind, one.id)

    def give_to_bob(tx: StorageTransaction, kind: type[Any]) -> None:
        evolve(tx, kind, client_id=bob.id)

    return {
        "rename": lambda tx: evolve(tx, Client, name="Zoë Ёж"),
        "rename a contact": lambda tx: evolve(tx, Contact, name="Lin"),
        "another spelling": lambda tx: evolve(tx, ContactPoint, value="+7 912", match_key="+7912"),
        "add": lambda tx: [tx.insert(a_contact_point(ada, "+7999")), tx.insert(a_contact(bob, "Grace"))],
        "buy": lambda tx: [tx.insert(a_purchase(one, amount=EUR)) for one in (ada, bob, ada)],
        "buy for nothing": lambda tx: tx.insert(a_purchase(ada)),
        "give back": lambda tx: [tx.insert(a_refund(one, amount=EUR)) for one in each(tx, Purchase)[:2]],
        "another price": lambda tx: evolve(tx, Purchase, amount=Money(3, "RUB")),
        "another month": lambda tx: evolve(tx, Purchase, bought_at=NOON - timedelta(days=40)),
        "delete a point": lambda tx: delete(tx, ContactPoint),
        "delete a contact": lambda tx: delete(tx, Contact),
        "delete a refund": lambda tx: delete(tx, Refund),
        "delete a purchase": lambda tx: delete(tx, Purchase),
        "give a point away": lambda tx: give_to_bob(tx, ContactPoint),
        "give a purchase away": lambda tx: give_to_bob(tx, Purchase),
        "ask": lambda tx: tx.search(Query(Client), question("grace 79", "RU")),
    }


KINDS = tuple(_changes(a_client(), a_client()))


@pytest.mark.parametrize("which", ["sqlite", "postgresql", "mariadb"])
def test_what_is_derived_follows_every_change(which: str, request: pytest.FixtureRequest, tmp_path: Any) -> None:
    """Whatever is done, in one transaction or in several, nothing is left to mend."""
    url = f"sqlite:///{tmp_path}/crm.db" if which == "sqlite" else request.getfixturevalue(f"{which}_url")
    storage = SQLStorage(url)
    known: list[ClientId] = []

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.sampled_from((*KINDS, "commit")), min_size=3, max_size=14))
    def followed(steps: list[str]) -> None:
        ada, bob = a_client(), a_client("Bob")
        known.extend((ada.id, bob.id))
        bought = a_purchase(ada, amount=EUR)
        commit(storage, ada, bob, a_contact(ada), a_contact_point(ada), bought, a_refund(bought, amount=EUR))
        changes = _changes(ada, bob)
        tx: StorageTransaction = storage.begin(write=True, scope=EVERYONE)
        for step in steps:
            if step == "commit":
                tx.commit()
                tx = storage.begin(write=True, scope=EVERYONE)
            else:
                changes[step](tx)
        assert Accelerators.months(tx) == tx.months()
        tx.commit()
        with writing(storage) as tx:
            assert 0 == tx.refresh(known[-40:])

    followed()
    storage.close()


def test_months_are_seen_by_who_sees_the_client(storage: SQLStorage) -> None:
    """Sums would tell of clients that a list hides."""
    mine, theirs = a_client(owner="17"), a_client(owner="4")
    commit(storage, mine, theirs, a_purchase(mine, amount=EUR), a_purchase(theirs, amount=EUR))
    with reading(storage, Scope.own("17")) as tx:
        assert [mine.id] == [month.client_id for month in tx.months()]
        assert [] == tx.months(theirs.id)
        assert [] == tx.months(since="2999-01")


def test_a_beginning_ends_where_the_next_one_starts() -> None:
    """Also beside the letters that no text holds, and where there is none behind."""
    last = chr(0x10FFFF)
    assert ["b", "ac", "a" + chr(0xE000), "b"] == [behind(one) for one in ("a", "ab", "a" + chr(0xD7FF), "a" + last)]
    assert behind(last) > last + last
