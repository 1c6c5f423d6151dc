"""The first example: an observer."""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import timedelta

import pytest
from announce_won import AnnounceSettings, AnnounceWon
from receiver import Receiver, receiving

from crmkit import CRM, Money
from crmkit.plugins import Secret
from crmkit.testing import FrozenClock


@pytest.fixture
def chat() -> Generator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def crm(url: str, clock: FrozenClock, chat: Receiver) -> Generator[CRM]:
    plugin = AnnounceWon(AnnounceSettings(url=Secret(chat.url), allow=(chat.place,)))
    with CRM.open(url, clock=clock, plugins=[plugin], delivery="external") as crm:
        yield crm


def win(crm: CRM) -> None:
    with crm.bind(actor="17").begin() as tx:
        deal = tx.deals.open(tx.clients.add(name="Anna").id, title="Anna's order", amount=Money("10", "EUR"))
        tx.deals.win(deal.id)


def test_a_won_deal_is_announced_without_anybodys_name(crm: CRM, chat: Receiver) -> None:
    """The chat is another's house: what it hears is an amount and a key."""
    win(crm)
    crm.relay.drain()
    (got,) = chat.got
    assert {"text": "A deal was won for 10.00 EUR by 17."} == json.loads(got.body)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [(429, {"retry-after": "7"}, 7), (429, {}, 60), (429, {"retry-after": "soon"}, 60)],
)
def test_a_chat_that_has_enough_is_left_alone_for_as_long_as_it_says(
    crm: CRM, chat: Receiver, clock: FrozenClock, status: int, headers: dict[str, str], wait: int
) -> None:
    """Posting on would only make it longer."""
    chat.status(status, headers)
    win(crm)
    assert 1 == crm.relay.drain().again
    assert timedelta(seconds=wait) == crm.relay.wait_for()
    clock.go_on(seconds=wait)
    chat.status(200)
    assert 1 == crm.relay.drain().told


def test_a_message_is_posted_again_under_the_same_key(crm: CRM, chat: Receiver, clock: FrozenClock) -> None:
    """A chat that took it and broke down afterwards sees that it has it."""
    chat.status(500)
    win(crm)
    crm.relay.drain()
    clock.go_on(minutes=1)
    chat.status(200)
    crm.relay.drain()
    first, second = [got.headers["idempotency-key"] for got in chat.got]
    assert first == second


def test_a_chat_that_is_down_undoes_no_sale(crm: CRM, chat: Receiver) -> None:
    """Observers are told after the commit."""
    chat.status(500)
    win(crm)
    crm.relay.drain()
    with crm.read() as tx:
        assert 1 == tx.purchases.count()
