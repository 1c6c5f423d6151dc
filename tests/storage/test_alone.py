"""A question that is asked by itself needs no transaction; a block that asked for a snapshot always has one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from crmkit import CRM
from crmkit.errors import Invalid
from crmkit.ids import ClientId
from crmkit.storage.sql import SQLStorage

PHONE = "+79123456789"


@pytest.fixture
def said() -> list[str]:
    """What was said to the database."""
    return []


@pytest.fixture
def crm(tmp_path: Path, said: list[str]) -> Iterator[CRM]:
    storage = SQLStorage(f"sqlite:///{tmp_path}/shop.db")

    def listening(driver: Any, _: object) -> None:
        driver.set_trace_callback(said.append)

    event.listen(storage.engine, "connect", listening)
    storage.connections.forget()
    with CRM(storage) as crm:
        yield crm


@pytest.fixture
def anna(crm: CRM, said: list[str]) -> ClientId:
    with crm.begin() as tx:
        id = tx.clients.add(name="Anna", phone=PHONE).id
    said.clear()
    return id


def test_who_only_gets_or_finds_one_record_says_one_thing(crm: CRM, anna: ClientId, said: list[str]) -> None:
    """No BEGIN before it, no ROLLBACK after it."""
    with crm.read() as tx:
        assert tx.clients.get(anna).name == "Anna"
    with crm.read() as tx:
        assert tx.clients.find(phone=PHONE)
    assert ["SELECT", "SELECT"] == [one.split()[0] for one in said]


def test_a_verb_that_asks_several_questions_sees_one_snapshot(crm: CRM, anna: ClientId, said: list[str]) -> None:
    """All of them, the first included."""
    with crm.read() as tx:
        tx.clients.card(anna)
    assert ("BEGIN", "ROLLBACK") == (said[0], said[-1])
    said.clear()
    with crm.read() as tx:
        tx.clients.decision_makers(anna)
    assert "BEGIN" == said[0]
    said.clear()
    with crm.read() as tx:
        tx.clients.matches(phone=PHONE, email="anna@example.org")
    assert "BEGIN" == said[0]


def test_a_get_that_asked_nothing_leaves_the_next_verb_its_snapshot(crm: CRM, anna: ClientId, said: list[str]) -> None:
    """What is no id is refused before anything is asked."""
    junk: Any = "junk"
    with crm.read() as tx:
        with pytest.raises(Invalid):
            tx.clients.get(junk)
        tx.clients.card(anna)
    assert "BEGIN" == said[0]


def test_after_a_question_by_itself_a_transaction_begins(crm: CRM, anna: ClientId, said: list[str]) -> None:
    """And what is asked in it is all of one snapshot, later than the first answer."""
    with crm.read() as tx:
        tx.clients.get(anna)
        with CRM.open(_url(crm)) as elsewhere, elsewhere.begin() as other:
            other.clients.update(anna, name="Anna Petrova")
        assert "Anna Petrova" == tx.clients.card(anna).client.name
    assert ["SELECT", "BEGIN"] == [one.split()[0] for one in said[:2]]


def test_a_block_that_asked_for_a_snapshot_keeps_it(crm: CRM, anna: ClientId) -> None:
    """What is committed meanwhile is not there, whatever is asked."""
    with crm.read(snapshot=True) as tx:
        assert "Anna" == tx.clients.get(anna).name
        with CRM.open(_url(crm)) as elsewhere, elsewhere.begin() as other:
            other.clients.update(anna, name="Anna Petrova")
        assert ["Anna"] * 2 == [tx.clients.get(anna).name, tx.clients.card(anna).client.name]


def test_a_reader_that_asks_nothing_says_nothing(crm: CRM, said: list[str]) -> None:
    """It needs no connection."""
    said.clear()
    with crm.read():
        pass
    assert not said


def test_a_question_by_itself_notices_that_the_server_has_left(postgresql_url: str) -> None:
    """Nothing was begun that could be lost, so another connection serves."""
    storage = SQLStorage(postgresql_url)
    with CRM(storage) as crm:
        with crm.begin() as tx:
            anna = tx.clients.add(name="Anna").id
        (idle,) = [one.link for one in storage.connections._idle]  # pyright: ignore[reportPrivateUsage]
        ((process,),) = idle.execute("SELECT pg_backend_pid()").fetchall()
        with storage.engine.connect() as other:
            other.exec_driver_sql("SELECT pg_terminate_backend(%s, 5000)", (process,))
        with crm.read() as tx:
            assert "Anna" == tx.clients.get(anna).name


def _url(crm: CRM) -> str:
    storage: Any = crm._shared.storage  # pyright: ignore[reportPrivateUsage]
    return str(storage.engine.url)


def test_a_connection_that_is_gone_is_noticed_whoever_closed_it(postgresql_url: str) -> None:
    """Closed at this end nobody can ask it whether there is news."""
    storage = SQLStorage(postgresql_url)
    with CRM(storage) as crm:
        with crm.begin() as tx:
            anna = tx.clients.add(name="Anna").id
        (idle,) = storage.connections._idle  # pyright: ignore[reportPrivateUsage]
        driver: Any = idle.proxied.driver_connection
        driver.close()
        with crm.read() as tx:
            assert "Anna" == tx.clients.get(anna).name
