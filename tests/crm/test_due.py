from __future__ import annotations

from datetime import timedelta

from crmkit import CRM, Money
from crmkit.events import ClientWentDormant, Event
from crmkit.testing import FrozenClock


def test_the_silent_go_dormant_one_event_each(crm: CRM, clock: FrozenClock, heard: list[Event]) -> None:
    """In chunks; whoever was touched or bought lately stays, prospects and the lost are none of it."""
    with crm.begin() as tx:
        silent = [tx.clients.add(name=f"silent {number}", lifecycle="active") for number in range(5)]
        touched, buyer = (tx.clients.add(name=name, lifecycle="active") for name in ("touched", "buyer"))
        tx.clients.add(name="prospect")
        tx.clients.lose(tx.clients.add(name="lost").id, reason="moved")
    clock.go_on(days=100)
    with crm.begin() as tx:
        tx.touchpoints.record(touched.id, channel="call", direction="inbound")
        tx.purchases.record(buyer.id, amount=Money(1, "EUR"))
    clock.go_on(days=80)
    heard.clear()
    assert 5 == crm.run_due(chunk=2).went_dormant
    assert {one.id for one in silent} == {one.client_id for one in heard if isinstance(one, ClientWentDormant)}
    assert 5 == len(heard)
    assert 0 == crm.run_due(chunk=2).went_dormant
    with crm.read() as tx:
        assert 5 == tx.clients.count(lifecycle="dormant")
    clock.go_on(days=100)
    assert 2 == crm.run_due().went_dormant


def test_a_dormant_client_wakes_with_a_purchase_of_now_not_of_long_ago(crm: CRM, clock: FrozenClock) -> None:
    """An old receipt that comes in late is history."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", lifecycle="active")
    clock.go_on(days=200)
    crm.run_due()
    with crm.begin() as tx:
        tx.purchases.record(anna.id, amount=Money(1, "EUR"), at=clock.now() - timedelta(days=190))
        assert "dormant" == tx.clients.get(anna.id).lifecycle
        tx.purchases.record(anna.id, amount=Money(1, "EUR"))
        assert "active" == tx.clients.get(anna.id).lifecycle


def test_nobody_falls_asleep_where_the_host_says_never(clock: FrozenClock) -> None:
    """`dormant_after=None`."""
    with CRM.open("memory://", clock=clock, dormant_after=None) as crm:
        with crm.begin() as tx:
            tx.clients.add(name="Anna", lifecycle="active")
        clock.go_on(days=9999)
        assert 0 == crm.run_due().went_dormant
