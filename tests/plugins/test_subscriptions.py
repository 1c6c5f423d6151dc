"""Observers that a plugin brings because its settings ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from crmkit import CRM
from crmkit.errors import Invalid
from crmkit.events import ClientAdded, Event
from crmkit.plugins import EventContext, Plugin, Subscription, hookimpl, on


class Bells(Plugin[None]):
    """Tells some of it to each of its bells."""

    def __init__(self, *bells: Subscription) -> None:
        super().__init__(None)
        self.bells = bells

    @hookimpl
    def crm_register_observers(self) -> Iterable[Subscription]:
        return self.bells


def silent(ctx: EventContext, event: Event) -> None:
    """Do nothing with it."""


def test_a_subscription_hears_what_it_asks_for_under_its_own_name(url: str) -> None:
    """The name is what deliveries are kept by, and a part of the idempotency key."""
    heard = list[tuple[str, str]]()

    def ring(ctx: EventContext, event: Event) -> None:
        heard.append((ctx.idempotency_key.partition(":")[2], event.topic))

    bells = Bells(Subscription("all", ("*",), ring), Subscription("clients", (ClientAdded,), ring))
    with CRM.open(url, plugins=[bells], delivery="inline") as crm:
        assert ("bells.all", "bells.clients") == crm.plugins.status()[0].subscribers
        with crm.begin() as tx:
            tx.notes.add(tx.clients.add(name="Anna").id, text="Hello")
    assert [("bells.all", "client.added"), ("bells.all", "note.added"), ("bells.clients", "client.added")] == sorted(
        heard
    )


def test_a_misspelt_topic_stops_the_crm_from_opening_and_says_which() -> None:
    """Found at the start, not when nothing comes."""
    bells = Bells(Subscription("one", ("deal.one",), silent), Subscription("two", ("sale.*",), silent))
    with pytest.raises(Invalid) as caught:
        CRM.open("memory://", plugins=[bells])
    assert [
        ("plugins.bells.one", "unknown_event", "There is no event deal.one. Did you mean deal.won?"),
        ("plugins.bells.two", "unknown_event"),
    ] == [(caught.value.faults[0].path, caught.value.faults[0].code, caught.value.faults[0].message),
          (caught.value.faults[1].path, caught.value.faults[1].code)]  # fmt: skip


def test_two_observers_of_one_name_are_refused() -> None:
    """Their deliveries would be each other's; a marked method counts as well."""

    class Loud(Bells):
        name = "bells"

        @on(ClientAdded)
        def one(self, event: ClientAdded) -> None: ...

    with pytest.raises(Invalid) as caught:
        CRM.open("memory://", plugins=[Loud(Subscription("one", ("*",), silent))])
    assert [("plugins.bells.one", "twice")] == [(one.path, one.code) for one in caught.value.faults]


async def slow(ctx: EventContext, event: Event) -> None: ...


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": "A b"}, "not_a_name"),
        ({"name": "a.b"}, "not_a_name"),
        ({"heard": ()}, "missing"),
        ({"handle": None}, "not_a_function"),
        ({"handle": slow}, "not_a_function"),
        ({"attempts": 0}, "not_a_number"),
        ({"attempts": True}, "not_a_number"),
    ],
)
def test_a_subscription_that_would_not_work_cannot_be_made(wrong: dict[str, Any], code: str) -> None:
    """Where it is written is where it is told."""
    given: dict[str, Any] = {"name": "one", "heard": ("*",), "handle": silent} | wrong
    with pytest.raises(Invalid) as caught:
        Subscription(**given)
    assert [code] == [one.code for one in caught.value.faults]
