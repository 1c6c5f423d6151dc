"""tx.tell: events of a plugin's own, on every way that crmkit's go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

import attrs
import pytest

from crmkit import CRM, Money, Source
from crmkit.domain.events.envelope import BY_TOPIC
from crmkit.domain.ids import NIL
from crmkit.errors import Invalid, ReadOnly, TransactionOver
from crmkit.events import ClientAdded, Event
from crmkit.ids import ClientId
from crmkit.plugins import Channel, EventContext, Plugin, Receipt, hookimpl, on
from crmkit.testing import FrozenClock


@attrs.frozen
class CardIssued(Event):
    topic: ClassVar[str] = "cards.issued"
    client_id: ClientId
    number: str
    worth: Money | None = None
    levels: tuple[int, ...] = ()


del BY_TOPIC[CardIssued.topic]  # of these tests alone: the catalogue is compared with what crmkit exports


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the journal read it back."""
    monkeypatch.setitem(BY_TOPIC, CardIssued.topic, CardIssued)


class Cards(Plugin[None]):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Event] = []

    @on(ClientAdded)
    def issue(self, ctx: EventContext, event: ClientAdded) -> None:
        with ctx.begin() as tx:
            if ctx.once(tx):
                tx.tell(CardIssued, client_id=event.client_id, number="A-1", worth=Money("5", "EUR"), levels=(1, 2))

    @on(CardIssued)
    def hear(self, event: CardIssued) -> None:
        self.heard.append(event)


def test_an_event_of_a_plugins_own_is_journalled_and_told(url: str) -> None:
    """To durable observers, to receivers of the host, and by its topic; with the envelope of whoever acted."""
    cards = Cards()
    told: list[Event] = []
    with CRM.open(url, plugins=[cards], delivery="inline") as crm:
        crm.on(CardIssued)(told.append)
        with crm.bind(actor="17", source=Source("web"), correlation_id="r-1").begin() as tx:
            anna = tx.clients.add(name="Anna")
    (event,) = cards.heard
    assert isinstance(event, CardIssued)
    assert told == cards.heard
    assert (anna.id, "A-1", Money("5", "EUR"), (1, 2)) == (event.client_id, event.number, event.worth, event.levels)
    assert (anna.id, "17", "r-1", "plugin", 1) == (
        event.subject, event.actor, event.correlation_id, event.source.channel, event.version,
    )  # fmt: skip


def test_what_was_rolled_back_is_never_told(crm: CRM, heard: list[Event]) -> None:
    """As for every event; and what was told is returned."""
    with pytest.raises(KeyError), crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        tx.tell(CardIssued, client_id=anna.id, number="A-1")
        raise KeyError
    assert [] == heard
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        told = tx.tell(CardIssued, client_id=anna.id, number="A-1")
    assert told == heard[-1]
    assert (anna.id, None, ()) == (told.client_id, told.worth, told.levels)


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({}, {"client_id": "missing", "number": "missing"}),
        ({"client_id": "17", "number": "A-1", "colour": "red"}, {"colour": "unknown"}),
        ({"client_id": "17", "number": ["A-1"]}, {"number": "not_kept"}),
        ({"client_id": "17", "number": 5}, {"client_id": "not_an_id", "number": "not_a_text"}),
        ({"client_id": None, "number": "A-1"}, {"client_id": "not_an_id"}),
        ({"client_id": NIL, "number": "A-1", "levels": ("x",)}, {"levels[0]": "not_a_number"}),
        ({"client_id": NIL, "number": "A\ud800"}, {"number": "not_a_text"}),
        ({"client_id": "17", "number": "A-1", "levels": (1, object())}, {"levels": "not_kept"}),
        ({"client_id": datetime(2026, 1, 1), "number": "A"}, {"client_id": "not_kept"}),
    ],
)
def test_what_an_event_cannot_say_is_told_at_once(crm: CRM, said: Any, faults: dict[str, str]) -> None:
    """And nothing is noted."""
    with crm.begin() as tx:
        with pytest.raises(Invalid) as caught:
            tx.tell(CardIssued, **said)
        assert faults == {fault.path: fault.code for fault in caught.value.faults}
    with crm.read() as tx, pytest.raises(ReadOnly):
        tx.tell(CardIssued, client_id=NIL, number="A-1")
    with pytest.raises(TransactionOver):
        tx.tell(CardIssued, client_id=NIL, number="A-1")


@pytest.mark.parametrize("kind", [ClientAdded, Event, str, "cards.issued"])
def test_only_verbs_tell_what_crmkit_tells(crm: CRM, kind: Any) -> None:
    """Nobody can say that a client was added who was not."""
    with crm.begin() as tx, pytest.raises(Invalid, match="kind"):
        tx.tell(kind)


def test_an_observer_knows_the_instant_and_the_channels(clock: FrozenClock) -> None:
    """By the CRM's clock, and from whoever brings them; also one that is told at once."""
    seen: list[tuple[datetime, dict[str, tuple[str, ...]]]] = []

    class Looking(Plugin[None]):
        @on(ClientAdded)
        def later(self, ctx: EventContext, event: ClientAdded) -> None:
            seen.append((ctx.now, dict(ctx.channels)))

        @on(ClientAdded, durable=False)
        def at_once(self, ctx: EventContext, event: ClientAdded) -> None:
            seen.append((ctx.now, dict(ctx.channels)))

        @hookimpl
        def crm_register_channels(self) -> list[Channel]:
            return [Channel("sms", ("phone",), lambda _message, _key: Receipt())]

    with CRM.open("memory://", clock=clock, plugins=[Looking()], delivery="external") as crm:
        with crm.begin() as tx:
            tx.clients.add(name="Anna")
        then = clock.now()
        clock.go_on(minutes=5)
        crm.relay.drain()
    assert [(then, {"sms": ("phone",)}), (then + timedelta(minutes=5), {"sms": ("phone",)})] == seen
