"""An ordinary day: enough verbs for every kind of hook to have something to say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from crmkit.crm.doors import CRM
from crmkit.domain.client import Client
from crmkit.domain.money import Money
from crmkit.services.transaction import Transaction

#: Whose data must turn up nowhere; no word of the language, so that finding one is no chance.
NAME, PHONE, EMAIL = "Wanda Kanarekska", "+79123450707", "wanda.kanarekska@example.org"
PERSONAL: Sequence[str] = ("Kanarekska", PHONE, PHONE[1:], "kanarekska@")
CHANNELS = ("email", "messenger", "sms", "voice")


def ordinary_day(crm: CRM) -> None:
    """Add, talk, sell, lose, correct and remove, in several transactions."""
    with crm.begin() as tx:
        client = somebody(tx)
    with crm.begin() as tx:
        selling(tx, client)
    with crm.begin() as tx:
        correcting(tx, client)


def somebody(tx: Transaction) -> Client:
    """A client who agreed to everything."""
    client = tx.clients.add(name=NAME, phone=PHONE, email=EMAIL)
    for channel in CHANNELS:
        for purpose in ("service", "marketing"):
            tx.consents.grant(client.id, purpose=purpose, channel=channel)
    return client


def selling(tx: Transaction, client: Client) -> None:
    """Deals on their way, and what is said and done meanwhile."""
    tx.touchpoints.record(client.id, channel="email", direction="inbound", summary="Asked for a price.")
    won = tx.deals.open(client.id, title="Order", amount=Money(1000, "EUR"))
    tx.deals.move(won.id, to="offer")
    tx.deals.win(won.id)
    lost = tx.deals.open(client.id, title="Second order")
    tx.deals.lose(lost.id, reason="price")
    tx.purchases.record(client.id, amount=Money(50, "EUR"))
    task = tx.tasks.plan(client.id, title="Call back", due=client.created_at + timedelta(days=1))
    tx.tasks.complete(task.id)
    tx.notes.add(client.id, text="Likes tea.")
    tx.tickets.open(client.id, subject="Late parcel")
    tx.calls.record(number=PHONE, disposition="no_answer")


def correcting(tx: Transaction, client: Client) -> None:
    """What is changed afterwards, and taken away: guards meet records that are no more."""
    tx.clients.update(client.id, tags=["vip"])
    second = tx.contact_points.add(client.id, phone="+79123450808")
    tx.contact_points.remove(second.id)
    tx.contacts.add(client.id, name="Ivan")
