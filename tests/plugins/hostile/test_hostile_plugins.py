"""Plugins that do what none should: the command stands, and every other plugin hears everything."""

from __future__ import annotations

import sys
from threading import Event as Signal
from typing import Any

import pytest

from crmkit import CRM
from crmkit.events import ClientAdded, Event
from crmkit.plugins import EventContext, Plugin, on
from crmkit.plugins.delivery.modes import Mode

#: How long a thread may take, in seconds, before a test gives up.
PATIENCE = 20
CLIENTS = 5


class Witness(Plugin[None]):
    """Hears everything, and says when it has heard so many events."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.heard: list[Event] = []
        self.done = Signal()
        self._wanted = wanted

    @on(Event)
    def hear(self, event: Event) -> None:
        self.heard.append(event)
        if len(self.heard) >= self._wanted:
            self.done.set()


class LastWitness(Witness):
    name = "last_witness"


class Hostile(Plugin[None]):
    """Told of every client; what it does then is what the others must survive."""

    @on(ClientAdded)
    def hear(self, ctx: EventContext, event: ClientAdded) -> Any:
        return self.strike(ctx, event)

    def strike(self, ctx: EventContext, event: ClientAdded) -> Any:
        raise NotImplementedError


class Raises(Hostile):
    def strike(self, ctx: EventContext, event: ClientAdded) -> Any:
        raise ValueError(event)


class Exits(Hostile):
    def strike(self, ctx: EventContext, event: ClientAdded) -> Any:
        sys.exit(1)


class Recurses(Hostile):
    def strike(self, ctx: EventContext, event: ClientAdded) -> Any:
        return self.strike(ctx, event)


class EndsRoughly(Hostile):
    """Breaks a transaction half-way, and goes on as if nothing had been."""

    def strike(self, ctx: EventContext, event: ClientAdded) -> Any:
        try:
            with ctx.begin() as tx:
                tx.notes.add(event.client_id, text="never committed")
                return int("no number")
        except ValueError:
            return None


class Reassigns(Hostile):
    """Changes the event it was told of."""

    def strike(self, ctx: EventContext, event: ClientAdded) -> Any:
        event.version = 99  # type: ignore[misc]


class Answers(Hostile):
    """Gives back what nobody asked for."""

    def strike(self, ctx: EventContext, event: ClientAdded) -> Any:
        return object()


HOSTILE = [Raises, Exits, Recurses, EndsRoughly, Reassigns, Answers]


@pytest.fixture(params=["inline", "thread"])
def delivery(request: pytest.FixtureRequest) -> Mode:
    """The two ways of telling in the host's own process."""
    mode: Mode = request.param
    return mode


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_observer_harms_neither_the_command_nor_its_neighbours(kind: type[Hostile], delivery: Mode) -> None:
    """Whoever stands before it or behind it hears every event, as it was."""
    first, last, told = Witness(CLIENTS), LastWitness(CLIENTS), list[Event]()
    with CRM.open("memory://", plugins=[first, kind(), last], delivery=delivery) as crm:
        crm.on(Event)(told.append)
        for number in range(CLIENTS):
            with crm.begin() as tx:
                tx.clients.add(name=f"Client {number}")
        assert first.done.wait(PATIENCE)
        assert last.done.wait(PATIENCE)
        with crm.read() as tx:
            assert (CLIENTS, 0) == (tx.clients.count(), tx.notes.count())
    assert [told, told] == [sorted(one.heard, key=lambda event: event.id) for one in (first, last)]
    assert {1} == {event.version for event in told}
