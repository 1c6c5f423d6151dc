from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from crmkit.domain.events import BY_TOPIC, Event
from crmkit.domain.events.envelope import topic_of
from crmkit.domain.where import DEEPEST
from crmkit.errors import Invalid
from crmkit.fields import F, Where, from_json, to_json


def test_a_condition_has_no_truth_value() -> None:
    """`and` between conditions would silently drop one."""
    with pytest.raises(TypeError, match="Combine with &"):
        bool(F.client.name.eq("Ada"))


@pytest.mark.parametrize(
    "data",
    [{}, {"field": 1, "op": "eq", "value": 1}, {"field": "name", "op": "like", "value": "x"}, {"all": 1}, {"not": []},
     {"field": "id", "op": "eq", "value": {"$id": "x"}}, {"field": "at", "op": "lt", "value": {"$at": "x"}},
     {"field": "at", "op": "lt", "value": {"a": 1}}, {"field": "name", "op": "lt", "value": None}],
)  # fmt: skip
def test_json_that_crmkit_did_not_write_is_no_condition(data: dict[str, Any]) -> None:
    """Invalid, whatever it is."""
    with pytest.raises(Invalid):
        from_json(data)


@pytest.mark.parametrize("told", BY_TOPIC.values(), ids=lambda told: told.__name__)
def test_an_event_has_one_name(told: type[Event]) -> None:
    """The class name gives the topic; nothing else may spell it."""
    assert topic_of(told.__name__) == told.topic
    assert "" != told.topic.partition(".")[0] != told.topic


NOON, ID = datetime(2026, 5, 1, 12, tzinfo=UTC), UUID(int=7)


@pytest.mark.parametrize(
    ("where", "data"),
    [
        (F.client.owner.eq("4"), {"field": "owner", "op": "eq", "value": "4"}),
        (F.client.owner.in_(["4", "7"]), {"field": "owner", "op": "in", "value": ["4", "7"]}),
        (F.client.created_at.lt(NOON), {"field": "created_at", "op": "lt", "value": {"$at": "2026-05-01T12:00:00+00:00"}}),
        (F.deal.client_id.eq(ID), {"field": "client_id", "op": "eq", "value": {"$id": str(ID)}}),
        (F.deal.client_id.in_([ID]), {"field": "client_id", "op": "in", "value": [{"$id": str(ID)}]}),
        (~F.client.name.eq("Ada"), {"not": {"field": "name", "op": "eq", "value": "Ada"}}),
        (F.client.name.eq("Ada") & ~F.client.owner.eq("4"),
         {"all": [{"field": "name", "op": "eq", "value": "Ada"}, {"not": {"field": "owner", "op": "eq", "value": "4"}}]}),
        (F.client.name.eq("Ada") | F.client.name.eq("Bob"),
         {"any": [{"field": "name", "op": "eq", "value": "Ada"}, {"field": "name", "op": "eq", "value": "Bob"}]}),
    ],
)  # fmt: skip
def test_a_condition_is_kept_as_json_and_comes_back(where: Where, data: dict[str, Any]) -> None:
    """Hosts store it with a report or a segment: its spelling stays."""
    assert data == to_json(where)
    assert where == from_json(data)


def test_a_condition_is_read_so_deep_and_no_deeper() -> None:
    """One level more would be answered by nobody."""
    where: Where = F.client.name.eq("Ada")
    for number in range(DEEPEST - 1):
        where = ~where if number % 2 else where & F.client.owner.eq("4")
    assert where == from_json(to_json(where))
    with pytest.raises(Invalid):
        from_json(to_json(~where))


def test_what_is_no_condition_is_not_written() -> None:
    """And said by its type."""
    number: Any = 7
    with pytest.raises(TypeError, match="7"):
        to_json(number)
