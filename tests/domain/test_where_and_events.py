from __future__ import annotations

from typing import Any

import pytest

from crmkit.domain.events import BY_TOPIC, Event
from crmkit.domain.events.envelope import topic_of
from crmkit.errors import Invalid
from crmkit.fields import F, from_json


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
