"""What other systems hear, on every storage, as a receiver that knows only Standard Webhooks sees it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from receiver import SECRET, Got, Receiver, Tell, receiving, target
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from crmkit import CRM, Deal, Money
from crmkit.domain.delivery import Delivery
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.plugins import Drained, Plugin, Secret, hookimpl, new_secret
from crmkit.testing import FrozenClock


def won(crm: CRM) -> Deal:
    """One deal, opened and won."""
    with crm.begin() as tx:
        client = tx.clients.add(name="Anna Pavlova", phone="+79123456789")
        return tx.deals.win(tx.deals.open(client.id, title="Her wedding", amount=Money("10", "EUR")).id)


def deliveries(crm: CRM, state: str) -> list[Delivery]:
    """What waits, or is given up."""
    with crm.read() as tx:
        return tx._unit.store.select(Query(Delivery, Test("state", "eq", state), "due_at", limit=100))


def verified(got: Got, secret: str = SECRET) -> Any:
    """What the reference library reads, if it finds the signature good."""
    return Webhook(secret).verify(got.body, dict(got.headers))


def test_a_won_deal_is_posted_and_signed(telling: Tell, shop: Receiver) -> None:
    """Any receiver that knows Standard Webhooks can read it, and be sure of it."""
    crm = telling({"shop": target(shop, topics=("deal.won",))})
    deal = won(crm)
    assert Drained(expanded=1, told=1) == crm.relay.drain()
    (got,) = shop.got
    said = verified(got)
    assert ("deal.won", "2026-01-01T12:00:00.123456Z") == (said["type"], said["timestamp"])
    assert (str(deal.id), deal.version) == (said["data"]["subject"], said["data"]["version"])
    assert ({"amount": "10.00", "currency": "EUR"}, None) == (said["data"]["amount"], said["data"]["actor"])
    assert "application/json" == got.headers["content-type"]


def test_nothing_of_a_person_leaves_the_house(telling: Tell, shop: Receiver) -> None:
    """Names, phones and free text are not in events, so no receiver can lose them."""
    crm = telling({"shop": target(shop)})
    won(crm)
    crm.relay.drain()
    assert 5 == len(shop.got)
    text = b"".join(got.body for got in shop.got)
    assert [] == [word for word in (b"Anna", b"Pavlova", b"9123456789", b"wedding") if word in text]


@pytest.mark.parametrize(
    ("topics", "heard"),
    [
        (("*",), {"client.added", "client.activated", "deal.opened", "deal.won", "purchase.recorded"}),
        (("deal.*",), {"deal.opened", "deal.won"}),
        (("deal.*", "deal.won", "purchase.recorded"), {"deal.opened", "deal.won", "purchase.recorded"}),
    ],
)
def test_a_target_hears_each_of_its_topics_once(
    telling: Tell, shop: Receiver, topics: tuple[str, ...], heard: set[str]
) -> None:
    """Groups and topics may overlap."""
    crm = telling({"shop": target(shop, topics=topics)})
    won(crm)
    crm.relay.drain()
    assert sorted(heard) == sorted(json.loads(got.body)["type"] for got in shop.got)


def test_a_new_secret_replaces_an_old_one_without_a_gap(telling: Tell, shop: Receiver) -> None:
    """While both are listed a receiver that knows either takes the post, and one that knows neither does not."""
    old, new = new_secret(), new_secret()
    crm = telling({"shop": target(shop, topics=("deal.won",), secrets=(Secret(new), Secret(old)))})
    won(crm)
    crm.relay.drain()
    (got,) = shop.got
    assert verified(got, old) == verified(got, new)
    with pytest.raises(WebhookVerificationError):
        verified(got, new_secret())


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_what_is_no_success_is_posted_again_with_the_same_id(
    telling: Tell, shop: Receiver, clock: FrozenClock, status: int
) -> None:
    """A receiver that did act before it failed must be able to tell; a redirect is no success, and not followed."""
    crm = telling({"shop": target(shop, topics=("deal.won",))})
    won(crm)
    shop.status(status, {"location": f"{shop.url}/elsewhere"})
    assert 1 == crm.relay.drain().again
    clock.go_on(hours=6)
    shop.status(204)
    assert 1 == crm.relay.drain().told
    first, second = shop.got
    assert ("/hook", first.id) == (second.path, second.id)
    assert verified(first) == verified(second)


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_is_busy_says_when_to_come_again(
    telling: Tell, shop: Receiver, clock: FrozenClock, status: int
) -> None:
    """Retry-After counts, not the patience of the relay."""
    crm = telling({"shop": target(shop, topics=("deal.won",))})
    won(crm)
    shop.status(status, {"retry-after": "1234"})
    assert 1 == crm.relay.drain().again
    assert timedelta(seconds=1234) == crm.relay.wait_for()
    clock.go_on(seconds=1233)
    assert not crm.relay.drain()
    clock.go_on(seconds=1)
    shop.status(200)
    assert 1 == crm.relay.drain().told


def test_a_target_that_is_gone_is_not_asked_again_and_the_doctor_hears(telling: Tell, shop: Receiver) -> None:
    """410 says that nobody wants it; the operator takes the target off the list."""
    crm = telling({"shop": target(shop, topics=("deal.won",))})
    shop.status(410)
    won(crm)
    ((plugin, check),) = crm.plugins.health_checks()
    assert ("webhooks", "shop", None) == (plugin, check.name, check.run())
    assert 1 == crm.relay.drain().dropped
    assert [] == deliveries(crm, "waiting") + deliveries(crm, "dead")
    assert "410 Gone" in (check.run() or "")
    shop.status(200)
    won(crm)
    crm.relay.drain()
    assert check.run() is None


def test_an_inner_system_is_not_posted_to_unless_it_is_allowed(telling: Tell, shop: Receiver) -> None:
    """Nothing was sent, and waiting would not help: the dead letter says why."""
    crm = telling({"shop": target(shop, topics=("deal.won",))}, allow=())
    won(crm)
    assert Drained(expanded=1, dead=1) == crm.relay.drain()
    assert [] == shop.got
    (dead,) = deliveries(crm, "dead")
    assert (dead.error or "").startswith("OutboundDenied (inner_address) at ")


def test_a_broken_target_does_not_hold_up_another(telling: Tell, shop: Receiver) -> None:
    """Each has deliveries of its own; when one is left alone for a while, it alone is."""
    with receiving() as broken:
        broken.status(500)
        crm = telling({"broken": target(broken, topics=("deal.won",)), "shop": target(shop, topics=("deal.won",))})
        for _ in range(40):
            won(crm)
        crm.relay.drain()
        assert 40 == len({got.id for got in shop.got}) == len(shop.got)
        assert 20 == len(broken.got)
        assert {"webhooks.broken"} == crm.relay.open_breakers()
        assert {"webhooks.broken"} == {one.subscriber for one in deliveries(crm, "waiting")}


def test_the_same_event_has_another_id_at_another_target(telling: Tell, shop: Receiver) -> None:
    """Two targets may lead to one receiver, which must take both."""
    crm = telling({"one": target(shop, topics=("deal.won",)), "two": target(shop, topics=("deal.won",))})
    won(crm)
    crm.relay.drain()
    assert 2 == len({got.id for got in shop.got})


class Died(BaseException):
    """What no plugin and no relay catches."""


def test_who_dies_between_sending_and_settling_sends_the_same_id_again(
    telling: Tell, shop: Receiver, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receiver may have acted: only the id tells that this is no second event."""
    crm = telling({"shop": target(shop, topics=("deal.won",))})
    won(crm)

    def die(*_: object, **__: object) -> bool:
        raise Died

    with monkeypatch.context() as dying:
        dying.setattr(crm.relay.queue, "done", die)
        with pytest.raises(Died):
            crm.relay.drain()
    clock.go_on(minutes=2)
    assert 1 == crm.relay.drain().told
    first, second = shop.got
    assert first.id == second.id


class Amounts(Plugin[None]):
    @hookimpl
    def crm_filter_payload(self, payload: Mapping[str, Any], destination: str) -> Mapping[str, Any] | None:
        if destination != "webhooks:shop":
            return None
        return {**payload, "data": {key: value for key, value in payload["data"].items() if key != "amount"}}


def test_what_a_filter_takes_out_does_not_leave_the_house(telling: Tell, shop: Receiver) -> None:
    """The house decides by target what may go."""
    topics = ("deal.won",)
    crm = telling({"shop": target(shop, topics=topics), "ours": target(shop, topics=topics)}, Amounts())
    won(crm)
    crm.relay.drain()
    assert [False, True] == sorted("amount" in verified(got)["data"] for got in shop.got)


def test_nothing_is_sent_while_a_filter_fails(telling: Tell, shop: Receiver) -> None:
    """What it would have taken out must not slip through."""

    class Broken(Plugin[None]):
        @hookimpl
        def crm_filter_payload(self, payload: Mapping[str, Any], destination: str) -> Mapping[str, Any]:
            raise KeyError("amount")

    crm = telling({"shop": target(shop, topics=("deal.won",))}, Broken())
    won(crm)
    assert 1 == crm.relay.drain().again
    assert [] == shop.got


def test_a_secret_is_in_nothing_that_anybody_reads(
    telling: Tell, shop: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """Logs, states, dead letters and reprs are read by many, and kept for long."""
    caplog.set_level(logging.DEBUG)
    crm = telling({"shop": target(shop, attempts=1), "denied": target(shop)}, allow=(shop.place,))
    shop.status(500)
    won(crm)
    crm.relay.drain()
    dead = deliveries(crm, "dead")
    assert dead
    told = [caplog.text, repr(dead), [one.error for one in dead], crm.plugins.status(), crm.plugins, list(crm.plugins)]
    told += [[one.settings for one in crm.plugins], crm.relay.subscribers, shop.got]
    assert [] == [one for one in told if SECRET[6:] in f"{one!r} {one}"]


def test_a_post_says_when_it_was_sent_by_the_worlds_clock(telling: Tell, shop: Receiver) -> None:
    """The receiver compares it with its own; the CRM's may stand at any time."""
    crm = telling({"shop": target(shop, topics=("deal.won",))})
    won(crm)
    before = int(datetime.now(UTC).timestamp())
    crm.relay.drain()
    assert before <= int(shop.got[0].headers["webhook-timestamp"]) <= datetime.now(UTC).timestamp()
