"""On PostgreSQL a simple transaction is one statement; whatever is not simple is a transaction as elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from owners_only import OwnersOnly

from crmkit import CRM, Money
from crmkit.domain.client import Client
from crmkit.domain.records import RECORDS
from crmkit.domain.sight import ALL
from crmkit.errors import Conflict, Forbidden, Invalid, NotFound
from crmkit.ids import ClientId
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.databases.psycopg_link import PsycopgLink
from crmkit.storage.sql.together import MOST, Gathered, combined
from crmkit.storage.sql.transaction import SQLTransaction
from crmkit.testing import new_id
from crmkit.testing.suite.opened import reading


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The round trips to the server, each by the first words of its statements."""
    heard: list[str] = []
    several, executemany = PsycopgLink.several, PsycopgLink.executemany

    def at_once(self: PsycopgLink, said: Any, /) -> Any:
        heard.append(" ".join(sql.split(maxsplit=1)[0] for sql, _ in said))
        return several(self, said)

    def often(self: PsycopgLink, sql: str, rows: Any, /) -> Any:
        heard.append(f"{sql.split(maxsplit=1)[0]}…")
        return executemany(self, sql, rows)

    monkeypatch.setattr(PsycopgLink, "several", at_once)
    monkeypatch.setattr(PsycopgLink, "executemany", often)
    return heard


@pytest.fixture
def crm(postgresql_url: str) -> Iterator[CRM]:
    with CRM(SQLStorage(postgresql_url), region="RU", consent="permissive") as crm:
        yield crm


def test_a_new_client_with_all_that_belongs_to_it_is_one_statement(crm: CRM, said: list[str]) -> None:
    """Points, consent, search tokens and journal included; there is nothing to begin and nothing to commit."""
    said.clear()
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="8 912 345-67-89", email="anna@example.org")
        tx.consents.grant(anna.id, purpose="marketing", channel="email")
    assert ["WITH"] == said
    with crm.read() as tx:
        card = tx.clients.card(anna.id)
        found = tx.clients.list(text="912 345")
    assert (2, 1, [anna.id]) == (len(card.contact_points), len(card.consents), [one.id for one in found])
    assert crm.health().journal == 1


def test_what_must_be_asked_first_makes_it_a_transaction(crm: CRM, said: list[str]) -> None:
    """The kept instant proves the client; the rest still goes together."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
    said.clear()
    with crm.begin() as tx:
        tx.touchpoints.record(anna.id, channel="call", direction="inbound")
    assert ["BEGIN UPDATE", "WITH COMMIT"] == said


def test_a_card_is_one_round_trip_and_one_snapshot(crm: CRM, said: list[str]) -> None:
    """Begun, asked and ended at once; where the block is one snapshot, the transaction stays."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="8 912 345-67-89").id
    said.clear()
    with crm.read() as tx:
        assert 1 == len(tx.clients.card(anna).contact_points)
        assert "Anna" == tx.clients.card(anna).client.name
    whole = "BEGIN " + "SELECT " * 10 + "COMMIT"
    assert [whole, whole] == said
    said.clear()
    with crm.read(snapshot=True) as tx:
        tx.clients.card(anna)
        with CRM.open(_url(crm), consent="permissive") as elsewhere, elsewhere.begin() as other:
            other.clients.update(anna, name="Anna Petrova")
        assert ["Anna"] * 2 == [tx.clients.get(anna).name, tx.clients.card(anna).client.name]
    assert ("BEGIN", " ".join(["SELECT"] * 10), "ROLLBACK") == (said[0], said[1], said[-1])


def test_a_card_of_nobody_is_not_found_and_harms_nothing(crm: CRM) -> None:
    """What follows works, on the same connection."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna").id
    with crm.read() as tx:
        with pytest.raises(NotFound):
            tx.clients.card(ClientId(UUID(int=7)))
        assert "Anna" == tx.clients.card(anna).client.name


def test_a_card_that_fails_leaves_no_transaction_behind(crm: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection is dropped; the next question gets another."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna").id
    several = PsycopgLink.several

    def failing(self: PsycopgLink, said: Any, /) -> Any:
        return several(self, [*said[:-1], ("SELECT 1 / 0", ()), said[-1]] if len(said) > 1 else said)

    monkeypatch.setattr(PsycopgLink, "several", failing)
    with pytest.raises(Invalid) as caught, crm.read() as tx:
        tx.clients.card(anna)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    monkeypatch.undo()
    storage: Any = crm._shared.storage  # pyright: ignore[reportPrivateUsage]
    assert {} == storage.connections._used
    assert not any(one.link.in_transaction for one in storage.connections._idle)
    with crm.read() as tx:
        assert "Anna" == tx.clients.card(anna).client.name


def test_who_sees_only_their_own_registers_in_one_round_trip_too(crm: CRM, said: list[str]) -> None:
    """What waits to be written is theirs for certain, and so is what hangs on it."""
    with CRM(SQLStorage(_url(crm)), region="RU", access=OwnersOnly(), consent="permissive") as scoped:
        bound = scoped.bind(actor="17")
        said.clear()
        with bound.begin() as tx:
            anna = tx.clients.add(name="Anna", phone="8 912 345-67-89", email="anna@example.org")
            tx.consents.grant(anna.id, purpose="marketing", channel="email")
            tx.touchpoints.record(anna.id, channel="call", direction="inbound")
        assert ["WITH"] == said
        with pytest.raises(Forbidden), bound.begin() as tx:
            tx.clients.add(name="Boris", owner="18")
        with bound.read() as tx:
            assert ["Anna"] == [one.name for one in tx.clients.list()]


@contextmanager
def _overtaking(crm: CRM, work: Callable[[], None]) -> Generator[Callable[[str], None]]:
    """Lets somebody begin *work* meanwhile, and holds them to wait for such a lock; then to come to an end."""
    with ThreadPoolExecutor(1) as pool, sa.create_engine(_url(crm), poolclass=sa.NullPool).connect() as looking:
        begun: list[Future[None]] = []

        def begin(lock: str) -> None:
            begun.append(pool.submit(work))
            while not looking.execute(sa.text(f"SELECT count(*) FROM pg_locks WHERE {lock}")).scalar_one():
                assert wait(begun, timeout=0.02).not_done, "It did not wait."

        yield begin
        begun[0].result(30)


def test_a_merge_meanwhile_leads_a_touchpoint_on(crm: CRM) -> None:
    """The row is held from the question to the commit: whoever comes second waits, and is led to the survivor."""
    with crm.begin() as tx:
        anna, twin = tx.clients.add(name="Anna").id, tx.clients.add(name="Anna P.").id

    def merge() -> None:
        with CRM.open(_url(crm), consent="permissive") as elsewhere, elsewhere.begin() as tx:
            tx.clients.merge(twin, into=anna)

    with _overtaking(crm, merge) as second, crm.begin() as tx:
        tx.touchpoints.record(twin, channel="call", direction="inbound")
        second("NOT granted")
    with crm.begin() as tx:
        assert anna == tx.touchpoints.record(twin, channel="call", direction="inbound").client_id
    with crm.read() as tx:
        assert 2 == len(tx.touchpoints.timeline(anna))


def test_two_who_speak_for_one_client_at_once_are_both_heard(crm: CRM) -> None:
    """The second waits for the first: only a client whom nobody else can know of yet is not locked."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", email="anna@example.org").id

    def withdraw() -> None:
        with CRM.open(_url(crm), consent="permissive") as elsewhere, elsewhere.begin() as tx:
            tx.consents.withdraw(anna, purpose="marketing")

    with _overtaking(crm, withdraw) as second, crm.begin() as tx:
        tx.consents.grant(anna, purpose="marketing", channel="email")
        second("locktype = 'advisory' AND NOT granted")
    with crm.read() as tx:
        assert [("grant", 1), ("withdraw", 2)] == [(one.kind, one.seq) for one in tx.consents.list(client_id=anna)]
        assert not tx.consents.may_contact(anna, purpose="marketing", channel="email").allowed


def test_sums_that_are_added_up_stay_statements_of_their_own(crm: CRM, said: list[str]) -> None:
    """An insert that may be a change is no part of another statement."""
    with crm.begin() as tx:
        said.clear()
        anna = tx.clients.add(name="Anna")
        tx.purchases.record(anna.id, amount=Money(10, "EUR"), at=datetime(2026, 1, 1, tzinfo=UTC))
    assert ("BEGIN", "COMMIT") == (said[0].split()[0], said[-1].split()[-1])
    assert any(one.startswith("INSERT") for one in said)
    with crm.read() as tx:
        assert Money(10, "EUR") == tx.clients.card(anna.id).purchases[0].amount


def test_a_statement_that_fails_has_written_nothing(crm: CRM) -> None:
    """Whole or not at all, without a transaction around it."""
    with crm.begin() as tx:
        tx.clients.add(name="Anna", external_ids={"shop": "42"})
    with pytest.raises(Conflict), crm.begin() as tx, CRM.open(_url(crm), consent="permissive") as elsewhere:
        tx.clients.add(name="Boris", external_ids={"shop": "43"})
        with elsewhere.begin() as other:
            other.clients.add(name="Clara", external_ids={"shop": "43"})
    with crm.read() as tx:
        assert ["Anna", "Clara"] == [one.name for one in tx.clients.list(order_by="name")]


def test_nothing_written_is_nothing_said(crm: CRM, said: list[str]) -> None:
    """Neither by who changed their mind, nor by who did nothing."""
    said.clear()
    with crm.begin():
        pass
    with pytest.raises(ZeroDivisionError), crm.begin() as tx:
        tx.clients.add(name="Anna")
        raise ZeroDivisionError
    assert not said


def test_every_insert_of_ours_can_be_part_of_one_statement(postgresql_url: str) -> None:
    """Else it would be slower than it need be, and nobody would notice."""
    storage = SQLStorage(postgresql_url)
    statements = storage.statements[ALL]
    for sql in (*[statements.insert[kind] for kind in RECORDS], statements.one["append"], statements.one["find_by"]):
        assert Gathered().takes(sql, [(1,)], None), sql
    assert not Gathered().takes(statements.one["add_up"], [(1,)], None)
    storage.close()


def test_very_many_rows_are_sent_table_by_table() -> None:
    """A statement takes so many parameters and no more."""
    sql, gathered = "INSERT INTO a (x) VALUES (%s)", Gathered()
    assert gathered.takes(sql, [(1,)] * MOST, None)
    assert not gathered.takes(sql, [(1,)], None)
    assert combined(((sql, 2),)) == "INSERT INTO a (x) VALUES (%s), (%s)"


def _url(crm: CRM) -> str:
    storage: Any = crm._shared.storage  # pyright: ignore[reportPrivateUsage]
    return str(storage.engine.url)


def test_questions_with_many_keys_are_planned_each_time(postgresql_url: str) -> None:
    """A plan made for a small table would read all of it when it has grown; what has few keys is prepared."""
    storage = SQLStorage(postgresql_url)
    with closing(storage), reading(storage) as tx:
        assert isinstance(tx, SQLTransaction)
        for _ in range(3):
            tx.get_many(Client, [new_id()])
            tx.get_many(Client, [new_id() for _ in range(64)])
        prepared = [text for (text,) in tx.rows("SELECT statement FROM pg_prepared_statements")]
    assert [1] == [text.count("$") for text in prepared if "crm_client.id" in text]
