"""Whatever is done to a collection, it answers as a dict would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import attrs
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from crmkit import CRM, Transaction
from crmkit.domain.collection import Collection
from crmkit.errors import NotFound


@attrs.frozen
class Thing:
    """A key, two indexed fields, and one that is not."""

    name: str
    size: Decimal | None = None
    colour: str | None = None
    seen: int = 0


names = st.sampled_from(["a", "b", "ё", "Ё", "c d", "🙂", "1", "10", "9"])
sizes = st.none() | st.integers(-30, 30).map(lambda tenths: Decimal(tenths) / 10)
colours = st.sampled_from([None, "", "red", "Red", "red "])
things = st.builds(Thing, names, sizes, colours, st.integers(0, 3))
#: What is done: a value is put, a name is removed, True commits and False rolls back.
steps = st.lists(things | names | st.booleans(), max_size=40)
ORDERS: dict[str | None, Callable[[Thing], Any]] = {
    None: lambda thing: thing.name,
    "size": lambda thing: (thing.size is not None, thing.size),
    "colour": lambda thing: (thing.colour is not None, thing.colour),
}


class Undone(Exception):
    """Rolls a transaction back."""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_a_collection_answers_as_a_dict_would(crm: CRM, steps: list[Thing | str | bool]) -> None:
    """By key, in every order, through every filter, before the commit and after, and as if undone work had never been."""
    collection = Collection(Thing, key="name", index=("size", "colour"), plugin=f"p{uuid4().hex}")
    known, history = dict[str, Thing](), iter([*steps, True])
    while True:
        try:
            with crm.begin() as tx:
                now, commits = _worked(tx, collection, dict(known), history)
                _compare(tx, collection, now)
                _end(commits=commits)
            known = now
        except Undone:
            pass
        except StopIteration:
            break
    with crm.read() as tx:
        _compare(tx, collection, known)


def _end(*, commits: bool) -> None:
    if not commits:
        raise Undone


def _worked(
    tx: Transaction, collection: Collection[Thing], known: dict[str, Thing], history: Iterator[Thing | str | bool]
) -> tuple[dict[str, Thing], bool]:
    """What there is after the next steps, up to a commit or a rollback."""
    data = tx.data(collection)
    while True:
        step: Thing | str | bool = next(history)
        if isinstance(step, bool):
            return known, step
        if isinstance(step, Thing):
            assert step == data.put(step)
            known[step.name] = step
        elif step in known:
            data.remove(step)
            del known[step]
        else:
            with pytest.raises(NotFound):
                data.remove(step)


def _compare(tx: Transaction, collection: Collection[Thing], known: dict[str, Thing]) -> None:
    data = tx.data(collection)
    assert (len(known), known) == (data.count(), data.get_many([*known, "nobody"]))
    for order, place in ORDERS.items():
        expected = sorted(known.values(), key=lambda thing: _first(place(thing)))
        found = list(data.stream(order_by=order))
        assert [place(one) for one in expected] == [place(one) for one in found]
        assert known == {one.name: one for one in found}
        if order is not None:
            turned = list(data.list(order_by=f"-{order}"))
            assert found[::-1] == turned
    for thing in known.values():
        assert thing == data.get(thing.name)
        filters: tuple[dict[str, Any], ...] = (
            {"size": thing.size},
            {"colour": thing.colour},
            {"size": thing.size, "colour": thing.colour},
        )
        for same in filters:
            alike = [one for one in known.values() if all(getattr(one, name) == same[name] for name in same)]
            assert sorted(alike, key=lambda one: one.name) == list(data.list(**same))
            assert len(alike) == data.count(**same)


def _first(place: Any) -> Any:
    """Empty before all: None is compared with nothing."""
    return place if isinstance(place, str) else (place[0], place[1] if place[0] else 0)
