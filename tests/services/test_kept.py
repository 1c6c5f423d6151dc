"""Kept instants are what a rebuild would make of the records, whatever happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import given, settings, strategies as st

from crmkit import CRM, Client, Transaction
from crmkit.errors import CRMError
from crmkit.ids import ClientId
from crmkit.ports import Query
from crmkit.services.rebuilding import recomputed
from crmkit.storage.opening import open_storage
from crmkit.testing import FrozenClock

Step = tuple[Callable[..., Any], int, int, int]


def touch(tx: Transaction, one: ClientId, _: ClientId, ago: int) -> None:
    tx.touchpoints.record(one, channel="email", direction="inbound", at=tx._unit.now - timedelta(days=ago))


def ring(tx: Transaction, _one: ClientId, _: ClientId, ago: int) -> None:
    tx.calls.record(number="+79120000001", disposition="no_answer", at=tx._unit.now - timedelta(days=ago))


def buy(tx: Transaction, one: ClientId, _: ClientId, ago: int) -> None:
    tx.purchases.record(one, at=tx._unit.now - timedelta(days=ago))


def complain(tx: Transaction, one: ClientId, _: ClientId, ago: int) -> None:
    kind: Any = "complaint" if ago % 3 else "question"
    tx.tickets.open(one, subject="Late", kind=kind, at=tx._unit.now - timedelta(days=ago))


def open_deal(tx: Transaction, one: ClientId, _: ClientId, ago: int) -> None:
    tx.deals.open(one, title="Order")


def end_deal(tx: Transaction, one: ClientId, _: ClientId, ago: int) -> None:
    for deal in tx.deals.list(client_id=one, status="open", limit=1):
        tx.deals.win(deal.id) if ago % 2 else tx.deals.lose(deal.id, reason="price")


def reopen(tx: Transaction, one: ClientId, _: ClientId, ago: int) -> None:
    for deal in tx.deals.list(client_id=one, where=None, limit=1):
        tx.deals.reopen(deal.id)


def merge(tx: Transaction, one: ClientId, other: ClientId, ago: int) -> None:
    tx.clients.merge(one, into=other)


def unmerge(tx: Transaction, one: ClientId, _: ClientId, ago: int) -> None:
    tx.clients.unmerge(one)


steps = st.tuples(
    st.sampled_from([touch, ring, buy, complain, open_deal, end_deal, end_deal, reopen, merge, merge, unmerge, unmerge]),
    st.integers(0, 3), st.integers(0, 3), st.integers(0, 9),
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(steps, min_size=3, max_size=25))
def test_what_is_kept_is_what_the_records_say(history: list[Step]) -> None:
    """After any verbs, merges and their undoing; a rebuild finds nothing to mend."""
    clock = FrozenClock()
    with CRM(open_storage("memory://"), clock=clock, region="RU") as crm:
        with crm.begin() as tx:
            ids = [tx.clients.add(name=f"{n}", phone="+79120000001" if n < 2 else None).id for n in range(4)]
        for verb, one, other, ago in history:
            clock.go_on(days=1)
            try:
                with crm.begin() as tx:
                    verb(tx, ids[one], ids[other], ago)
            except CRMError:
                continue
        with crm.read() as tx:
            store = tx._unit.store
            clients = store.select(Query(Client))
            assert clients == recomputed(store, clients)
            assert {one.id for one in clients} == {tx.clients.get(id).id for id in ids}
