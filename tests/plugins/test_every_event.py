"""Every event there is reaches the hook that has its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from crmkit import CRM, MemoryStorage
from crmkit.domain.events import BY_TOPIC, Event
from crmkit.plugins import Plugin, hookimpl
from crmkit.plugins.hooks.following import name_of
from crmkit.ports import EVERYONE, Entry, FrozenMap
from crmkit.testing.strategies import values_of

OURS = [kind for kind in BY_TOPIC.values() if kind.__module__.startswith("crmkit.domain.events")]


def _hearing(heard: list[Event], *kinds: type[Event]) -> Plugin[Any]:
    def hook(kind: type[Event]) -> Callable[..., None]:
        def hear(self: Any, event: Event) -> None:
            assert isinstance(event, kind)
            heard.append(event)

        hear.__name__ = name_of(kind)
        return hookimpl(hear)

    return type("Hearing", (Plugin,), {name_of(kind): hook(kind) for kind in kinds})()  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.topic)
@settings(max_examples=1, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_event_in_the_journal_is_told_to_its_own_hook(kind: type[Event], data: st.DataObject) -> None:
    """The hooks are generated from the catalogue: none may be missing, and none hears another's."""
    heard, event, storage = list[Event](), data.draw(values_of(kind)), MemoryStorage()
    with CRM(storage, plugins=[_hearing(heard, *OURS)], delivery="external") as crm:
        store = storage.begin(write=True, scope=EVERYONE)
        store.append(Entry((event,), FrozenMap({f"hearing.{name_of(kind)}": (0,)}), 0))
        store.commit()
        assert 1 == crm.relay.drain().told
    assert [event] == heard


def test_a_transaction_of_real_verbs_is_told_to_whom_it_concerns() -> None:
    """From the verb to the hook, without a journal made by hand."""
    heard = list[Event]()
    with CRM.open("memory://", plugins=[_hearing(heard, *OURS)], delivery="inline") as crm, crm.begin() as tx:
        tx.deals.win(tx.deals.open(tx.clients.add(name="Anna").id, title="Order").id)
    assert ["client.added", "deal.opened", "purchase.recorded", "deal.won"] == [
        event.topic for event in heard if not event.topic.startswith("client.a") or event.topic == "client.added"
    ]
