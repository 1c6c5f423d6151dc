from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from owners_only import OwnersOnly

from crmkit import CRM, Client, Deal, MemoryStorage, Money, Source, Transaction
from crmkit.errors import (
    Conflict,
    Invalid,
    NestedTransaction,
    NotFound,
    ReadOnly,
    StorageUnreachable,
    TransactionOver,
    UnknownActor,
)
from crmkit.events import ClientAdded, Event, TaskPlanned
from crmkit.ids import TaskId
from crmkit.testing import FrozenClock


def test_an_error_rolls_everything_back_and_tells_nobody(crm: CRM, heard: list[Event]) -> None:
    """Rows, journal and receivers agree that nothing happened."""
    with pytest.raises(ZeroDivisionError), crm.begin() as tx:
        tx.clients.add(name="Ada")
        tx.clients.list()
        raise ZeroDivisionError
    with crm.read() as tx:
        assert (0, [], 0) == (tx.clients.count(), heard, crm.health().journal)


def test_events_are_told_after_the_commit_in_order(crm: CRM) -> None:
    """A receiver finds what the event tells of, and may write."""
    seen: list[str] = []

    @crm.on(ClientAdded)
    def plan(event: ClientAdded) -> None:
        with crm.begin() as tx:
            seen.append(tx.clients.get(event.client_id).name)
            tx.tasks.plan(event.client_id, title="Welcome", due=event.at)

    crm.on(TaskPlanned)(lambda event: seen.append(event.topic))
    with crm.begin() as tx:
        tx.clients.add(name="Ada")
        tx.clients.add(name="Bob")
        assert [] == seen
    assert ["Ada", "task.planned", "Bob", "task.planned"] == seen
    assert 3 == crm.health().journal


def test_a_receiver_that_raises_harms_nobody(crm: CRM, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged by ids only; the others hear all the same."""
    told: list[Event] = []

    def broken(event: ClientAdded) -> None:
        message = f"no mail to Canary about {event.topic}"
        raise ValueError(message)

    crm.on(ClientAdded)(broken)
    crm.on(ClientAdded)(told.append)
    with caplog.at_level(logging.ERROR), crm.begin() as tx:
        tx.clients.add(name="Canary")
    assert 1 == len(told)
    assert "broken" in caplog.text
    assert "ValueError" in caplog.text
    assert "Canary" not in caplog.text


def test_an_idempotent_run_happens_once(crm: CRM) -> None:
    """The second run returns the first one's record as it is now; nothing personal is kept under the key."""

    def order(tx: Transaction) -> Deal:
        return tx.deals.open(tx.clients.add(name="Ada").id, title="Order", amount=Money(1, "EUR"))

    first = crm.run(order, key="order-1")
    with crm.begin() as tx:
        moved = tx.deals.move(first.id, to="offer")
    assert moved == crm.run(order, key="order-1")
    with crm.read() as tx:
        assert 1 == tx.clients.count()
        assert "Ada" not in str(tx._unit.store.recall("order-1"))


def test_under_a_key_a_result_can_be_told_again(crm: CRM) -> None:
    """Records, ids, numbers and None; anything else is Invalid before the commit."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        tx.users.put("17", name="Anna")
    results = [anna, anna.id, 7, 1.5, True, None]
    for number, result in enumerate(results):
        assert [result] * 2 == [crm.run(lambda _tx, result=result: result, key=f"k{number}") for _ in range(2)]  # type: ignore[misc]
    assert "17" == crm.run(lambda tx: tx.users.get("17"), key="user").id
    assert "17" == crm.run(lambda tx: tx.users.get("17"), key="user").id

    def leak(tx: Transaction) -> str:
        tx.clients.add(name="Bob")
        return "Bob"

    with pytest.raises(Invalid, match="fn"):
        crm.run(leak, key="leak")
    with crm.read() as tx:
        assert 1 == tx.clients.count()


def test_conflicts_are_run_again(crm: CRM) -> None:
    """Three times, then they surface; other errors at once."""
    tries: list[int] = []

    def busy(tx: Transaction) -> int:
        tries.append(1)
        if len(tries) < 3:
            raise Conflict("deal", "x")
        return len(tries)

    assert 3 == crm.run(busy)
    tries.clear()
    with pytest.raises(Conflict):
        crm.run(busy, attempts=2)
    with pytest.raises(Invalid, match="attempts"):
        crm.run(busy, attempts=0)


def test_a_conflict_ends_the_transaction_even_if_it_is_caught(crm: CRM) -> None:
    """What was done before it is not committed behind the caller's back."""
    with crm.begin() as tx:
        ada = tx.clients.add(name="Ada")
    with pytest.raises(TransactionOver), crm.begin() as tx:
        tx.clients.add(name="Bob")
        with suppress(Conflict):
            tx.clients.update(ada.id, version=7, name="Eve")
        with pytest.raises(TransactionOver):
            tx.clients.count()
    with crm.read() as tx:
        assert ["Ada"] == [client.name for client in tx.clients.list()]


def test_invalid_input_caught_leaves_the_transaction_usable(crm: CRM) -> None:
    """Nothing was written by the verb that refused, so the rest may be committed."""
    with crm.begin() as tx:
        tx.clients.add(name="Ada")
        with suppress(Invalid):
            tx.clients.add(name="")
        with suppress(NotFound):
            tx.tasks.complete(TaskId(tx.clients.add(name="Bob").id))
    with crm.read() as tx:
        assert 2 == tx.clients.count()


def test_a_transaction_inside_another_is_refused_at_once(crm: CRM) -> None:
    """In the same thread or task; reading inside is allowed, another thread or task has its own."""
    with crm.begin() as tx:
        tx.clients.add(name="Ada")
        with pytest.raises(NestedTransaction, match="Pass its `tx` down"):
            crm.begin().__enter__()
        with crm.read() as reader:
            assert 0 == reader.clients.count()
    with crm.begin() as tx:
        assert 1 == tx.clients.count()

    async def one_after_another() -> int:
        async def add(name: str) -> None:
            with crm.begin() as tx:
                tx.clients.add(name=name)

        await asyncio.gather(add("Bob"), add("Cyd"))
        with crm.read() as tx:
            return tx.clients.count()

    assert 3 == asyncio.run(one_after_another())


def test_two_crms_do_not_hinder_each_other(crm: CRM) -> None:
    """Only a second transaction of the same storage is nested."""
    with CRM.open("memory://") as other, crm.begin() as tx, other.begin() as there:
        tx.clients.add(name="Ada")
        assert 0 == there.clients.count()


def test_rooms_are_closed_outside_the_block_and_read_only_inside_read(crm: CRM) -> None:
    """Misuse says what to do."""
    with crm.begin() as tx:
        clients = tx.clients
    uses: list[Callable[[], object]] = [tx.deals.list, clients.list, lambda: clients.add(name="Ada")]
    for use in uses:
        with pytest.raises(TransactionOver):
            use()
    entered = crm.begin()
    with entered:
        pass
    with pytest.raises(TransactionOver):
        entered.__enter__()
    with crm.read() as tx:
        for write in (lambda: tx.clients.add(name="Ada"), lambda: tx.users.put("1", name="A")):
            with pytest.raises(ReadOnly):
                write()


def test_a_bound_crm_says_who_and_whence(crm: CRM, heard: list[Event]) -> None:
    """In every event; what is not said again stays as bound."""
    anna = crm.bind(actor="17", source=Source("web", ref="form-1")).bind(correlation_id="request-9")
    with anna.begin() as tx:
        tx.clients.add(name="Ada")
    with crm.begin() as tx:
        tx.clients.add(name="Bob")
    assert [("17", Source("web", ref="form-1"), "request-9"), (None, Source("code"), None)] == [
        (event.actor, event.source, event.correlation_id) for event in heard
    ]
    with pytest.raises(Invalid) as caught:
        crm.bind(actor=" ", source="web", correlation_id="")  # type: ignore[arg-type]
    assert ["actor", "source", "correlation_id"] == [fault.path for fault in caught.value.faults]


def test_with_a_policy_an_actor_sees_only_their_own(clock: FrozenClock) -> None:
    """A foreign client is not found, and nobody acts nameless."""
    crm = CRM(MemoryStorage(), clock=clock, access=OwnersOnly())
    with crm.bind(actor="4").begin() as tx:
        foreign: Client = tx.clients.add(name="Ada", phone="+79123456789")
    with crm.bind(actor="17").begin() as tx:
        for look in (
            lambda: tx.clients.get(foreign.id),
            lambda: tx.clients.card(foreign.id),
            lambda: tx.touchpoints.record(foreign.id, channel="call", direction="inbound"),
            lambda: tx.touchpoints.timeline(foreign.id),
            lambda: tx.deals.open(foreign.id, title="x"),
        ):
            with pytest.raises(NotFound):
                look()
        assert (0, None) == (tx.clients.count(), tx.clients.find(phone="+79123456789"))
    with pytest.raises(UnknownActor):
        crm.begin()


def test_eight_threads_ensure_one_client(crm: CRM) -> None:
    """`ensure` is serialised: one adds, the others find."""

    def ensure(_: int) -> bool:
        with crm.begin() as tx:
            return tx.clients.ensure(phone="8 912 345-67-89", name="Anna")[1]

    with ThreadPoolExecutor(8) as threads:
        assert 1 == sum(threads.map(ensure, range(40)))


def test_a_transaction_may_end_in_another_thread(crm: CRM) -> None:
    """Web frameworks do that, and the next one begins as if nothing was."""
    for _ in range(2):
        entered = crm.begin()
        with ThreadPoolExecutor(1) as other:
            other.submit(lambda entered=entered: entered.__enter__().clients.add(name="Ada")).result()  # type: ignore[misc]
        entered.__exit__(None, None, None)
    entered = crm.begin()
    entered.__enter__().clients.add(name="Ada")
    with ThreadPoolExecutor(1) as other:
        other.submit(entered.__exit__, None, None, None).result()
    with crm.begin() as tx:
        assert 3 == tx.clients.count()


def test_what_is_wrong_with_an_opening_is_told_at_once(tmp_path: Path) -> None:
    """And leaves nothing open."""
    with pytest.raises(Invalid) as caught:
        CRM.open("memory://", region="russia", dormant_after=3)  # type: ignore[arg-type]
    assert ["region", "dormant_after"] == [fault.path for fault in caught.value.faults]
    with pytest.raises(Invalid, match="url"):
        CRM.open("nosuch://here")
    with pytest.raises(Invalid, match="fields"):
        CRM.open("memory://", fields=["card"])  # type: ignore[list-item]


def test_what_was_bound_closes_nothing(crm: CRM) -> None:
    """A web program that leaves a block per request goes on."""
    with crm.bind(actor="17") as mine, mine.begin() as tx:
        ada = tx.clients.add(name="Ada")
    mine.bind(actor="4").close()
    with crm.read() as tx:
        assert "17" == tx.clients.get(ada.id).created_by
    crm.close()
    with pytest.raises(StorageUnreachable), mine.read():
        pass


@pytest.mark.parametrize(
    ("door", "given", "other"),
    [(CRM, "sqlite:///shop.db", "CRM.open(url)"), (CRM, None, "MemoryStorage()"), (CRM, Path("shop.db"), "CRM.open(url)"), (CRM.open, Path("shop.db"), "sqlite:///shop.db"), (CRM.open, MemoryStorage(), "CRM(storage)"),
     (CRM.open, None, "memory://"), (CRM.open, "shop.db", "sqlite:///shop.db")],
)  # fmt: skip
def test_who_takes_the_wrong_door_is_shown_the_other(door: Any, given: object, other: str) -> None:
    """A URL and a storage are easily mixed up in the first hour."""
    with pytest.raises(Invalid) as caught:
        door(given)
    assert other in str(caught.value)
    assert ("CRM(storage)" in str(caught.value)) == isinstance(given, MemoryStorage)
