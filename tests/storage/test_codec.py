"""What stands in columns and in the journal as JSON comes back as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings, strategies as st

from crmkit.domain.consent import Evidence
from crmkit.domain.custom import Custom
from crmkit.domain.events import BY_TOPIC, Event
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.pipeline import Stage
from crmkit.domain.purchase import Item
from crmkit.storage.codec import (
    custom_of,
    custom_text,
    events_of,
    events_text,
    evidence_of,
    json_text,
    map_of,
    map_text,
    value_of,
)
from crmkit.testing import a_client, an_entry
from crmkit.testing.strategies import values_of


@pytest.mark.parametrize("told", BY_TOPIC.values(), ids=lambda told: told.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_an_event_comes_back_from_the_journal(told: type[Event], data: st.DataObject) -> None:
    """Every class, whatever it says; what the row itself holds is not said twice."""
    event: Event = data.draw(values_of(told))
    text = events_text((event,))
    assert (event,) == events_of(text, (event.at, event.actor, event.source, event.correlation_id))
    assert {"id", "topic", "version", "data"} == set(json.loads(text)[0])


@settings(max_examples=100)
@given(values_of(tuple[Item, ...]), values_of(tuple[Stage, ...]), values_of(Evidence), values_of(Custom))
def test_a_column_of_json_comes_back(
    items: tuple[Item, ...], stages: tuple[Stage, ...], evidence: Evidence, custom: Custom
) -> None:
    """Line breaks, quotes and empty fields included."""
    assert items == value_of(tuple[Item, ...], json_text(items))
    assert stages == value_of(tuple[Stage, ...], json_text(stages))
    assert evidence == evidence_of(json_text(evidence))
    assert custom == custom_of(custom_text(custom))


def test_equal_mappings_give_equal_text() -> None:
    """Whatever order they were written in: a dump of two equal stores is the same."""
    assert map_text(FrozenMap({"a": 1, "b": 2})) == map_text(FrozenMap({"b": 2, "a": 1}))
    assert custom_text(Custom({"a": "ё", "b": 2})) == custom_text(Custom({"b": 2, "a": "ё"})) == '{"a":"ё","b":2}'
    assert FrozenMap({"a": "ё"}) == map_of(map_text(FrozenMap({"a": "ё"})))


def test_the_events_of_one_transaction_are_one_text() -> None:
    """In their order."""
    entry = an_entry(a_client(), events=3)
    first = entry.events[0]
    text = events_text(entry.events)
    assert entry.events == events_of(text, (first.at, first.actor, first.source, first.correlation_id))


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.lists(st.integers()).map(tuple)))
def test_a_mapping_is_written_as_json_is(pairs: dict[str, object]) -> None:
    """In order, without spaces, and with every letter as it is, so that equal ones are equal in the store."""
    wanted = json.dumps(pairs, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert map_text(FrozenMap(pairs)) == wanted
