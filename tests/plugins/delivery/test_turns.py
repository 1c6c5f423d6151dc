"""Who comes first in each queue, however many there are and however long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings, strategies as st

from crmkit import CRM
from crmkit.domain.delivery import Delivery
from crmkit.plugins.delivery import turns
from crmkit.plugins.delivery.turns import heads, queue_of, turn_of
from crmkit.testing import a_delivery

DELIVERIES = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(1, 6), st.integers(0, 6)), unique=True
).map(lambda some: [a_delivery(subscriber=f"p.{a}", subject=b, entry=c, place=d) for a, b, c, d in some])


def _first(some: Sequence[Delivery]) -> Mapping[turns.Queue, Delivery]:
    """The plain way."""
    firsts = dict[turns.Queue, Delivery]()
    for one in sorted(some, key=turn_of):
        firsts.setdefault(queue_of(one), one)
    return firsts


@settings(max_examples=60)
@given(some=DELIVERIES, asked=st.sets(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"))))
def test_the_first_of_each_queue_is_found_and_of_no_other(some: list[Delivery], asked: set[tuple[str, str]]) -> None:
    """Whatever stands in it, in whichever order it came."""
    with CRM.open("memory://") as crm, crm.begin() as tx:
        store, queues = tx._unit.store, [(f"p.{a}", b) for a, b in asked]
        for one in some:
            store.insert(one)
        wanted = {queue: one for queue, one in _first(some).items() if queue in queues}
        assert wanted == heads(store, dict.fromkeys(queues))
        bounded = {queue: wanted[queue].entry if queue in wanted else 3 for queue in queues}
        assert wanted == heads(store, bounded)


@pytest.mark.parametrize("together", [3, 64])
def test_the_first_of_long_queues_is_found_on_every_storage(
    url: str, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other in the journal, so that no page holds them all; and one that is a single entry."""
    monkeypatch.setattr(turns, "TOGETHER", together)
    some = [
        a_delivery(subscriber="p.a", subject=f"s{number}", entry=1 + number * 100 + step // 2, place=9 - step % 2)
        for number in range(10)
        for step in range(60)
    ]
    some += [a_delivery(subscriber="p.a", subject="one", entry=5, place=300 - step) for step in range(300)]
    with CRM.open(url) as crm:
        with crm.begin() as tx:
            for one in some:
                tx._unit.store.insert(one)
        with crm.begin() as tx:
            assert _first(some) == heads(tx._unit.store, dict.fromkeys(_first(some)))
