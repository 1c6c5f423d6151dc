"""What is posted is enough for a receiver to end in the same state, however often and in whatever order it comes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import given, settings, strategies as st
from receiver import SECRET, receiving, target

from crmkit import CRM, Money
from crmkit.plugins import sign, verify
from crmkit.webhooks import WebHooks, WebHookSettings

SENT = datetime(2026, 1, 1, tzinfo=UTC)
Post = tuple[str, bytes]


@cache
def log() -> tuple[Post, ...]:
    """The id and body of everything a CRM posted of some deals' lives, in the order of its happening."""
    with receiving() as receiver:
        plugin = WebHooks(WebHookSettings(targets={"shop": target(receiver)}, allow=(receiver.place,)))
        with CRM.open("memory://", plugins=[plugin], delivery="external") as crm:
            for _ in _lives(crm):
                crm.relay.drain()
        return tuple((got.id, got.body) for got in receiver.got)


def _lives(crm: CRM) -> Iterator[None]:
    for name in ("Anna", "Boris", "Clara"):
        with crm.begin() as tx:
            client = tx.clients.add(name=name)
            deal = tx.deals.open(client.id, title="Order")
        yield
        for amount in ("10", "20"):
            with crm.begin() as tx:
                tx.deals.update(deal.id, amount=Money(amount, "EUR"))
            yield
        with crm.begin() as tx:
            tx.deals.lose(deal.id, reason="price")
        yield
        with crm.begin() as tx:
            tx.deals.reopen(deal.id)
            tx.deals.win(deal.id)
        yield


class Shop:
    """A receiver that knows no more than the documentation says."""

    def __init__(self) -> None:
        self.effects: list[str] = []
        self.state: dict[str, tuple[tuple[int, str], Any]] = {}

    def take(self, headers: dict[str, str], body: bytes, now: datetime) -> None:
        """Act once on each id, and let an older version never replace a newer one."""
        id = verify(SECRET, headers, body, now)
        if id in self.effects:
            return
        self.effects.append(id)
        said = json.loads(body)
        data = said["data"]
        turn = (data["version"], data["id"])
        if data["subject"] not in self.state or self.state[data["subject"]][0] < turn:
            self.state[data["subject"]] = (turn, said)


def ended(posts: Sequence[Post], gaps: Sequence[int]) -> Shop:
    """What a receiver makes of these posts, so many hours apart."""
    shop, now = Shop(), SENT
    for (id, body), gap in zip(posts, gaps, strict=True):
        now += timedelta(hours=gap)
        shop.take(sign(SECRET, id, now, body), body, now)
    return shop


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Post], list[int]]:
    """Every post one to five times, in any order, up to four hundred days apart."""
    times = draw(st.lists(st.integers(1, 5), min_size=len(log()), max_size=len(log())))
    some = [post for post, often in zip(log(), times, strict=True) for _ in range(often)]
    gaps = st.one_of(st.just(0), st.integers(0, 400 * 24))
    return draw(st.permutations(some)), draw(st.lists(gaps, min_size=len(some), max_size=len(some)))


@settings(max_examples=60)
@given(arrivals())
def test_a_receiver_ends_the_same_in_whatever_order_and_however_often_posts_come(
    arrived: tuple[list[Post], list[int]],
) -> None:
    """The id tells repetitions, the subject's version tells what is newer; nothing else is needed."""
    in_order = ended(log(), [0] * len(log()))
    shop = ended(*arrived)
    assert in_order.state == shop.state
    assert sorted(in_order.effects) == sorted(shop.effects)


def test_versions_of_a_subject_grow_as_its_life_goes_on() -> None:
    """In the order of happening no version is below one before it: so the highest is the last."""
    versions = dict[str, list[tuple[int, str]]]()
    for _, body in log():
        data = json.loads(body)["data"]
        versions.setdefault(data["subject"], []).append((data["version"], data["id"]))
    assert 9 == len(versions)
    assert all(sorted(turns) == turns for turns in versions.values())
    assert {6, 1, 2} == {len(turns) for turns in versions.values()}


def test_every_post_has_an_id_of_its_own() -> None:
    """Else a receiver would drop an event as if it knew it."""
    assert len(log()) == len({id for id, _ in log()})
