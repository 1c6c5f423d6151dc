from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from crmkit import events
from crmkit.domain.events import BY_TOPIC, DERIVED
from crmkit.events import Event

IRREGULAR = {
    "begin": "begun", "find": "found", "give": "given", "hold": "held", "keep": "kept", "leave": "left", "lose": "lost",
    "make": "made", "meet": "met", "pay": "paid", "put": "put", "send": "sent", "take": "taken", "undo": "undone",
    "win": "won", "withdraw": "withdrawn", "write": "written",
}  # fmt: skip
TOPICS = sorted(BY_TOPIC)
SPOKEN = sorted(set(BY_TOPIC) - {kind.topic for kind in DERIVED})


@pytest.mark.parametrize("topic", TOPICS)
def test_topic_and_hook_say_what_the_class_says(topic: str) -> None:
    """`DealMoved`, `deal.moved` and `crm_after_deal_moved` are one name; the dot stands after the noun."""
    kind = BY_TOPIC[topic]
    assert topic == kind.topic
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", topic)
    assert f"crm_after_{_snake(kind.__name__)}" == f"crm_after_{topic.replace('.', '_')}"


@pytest.mark.parametrize("topic", TOPICS)
def test_an_event_is_exported_by_its_one_name(topic: str) -> None:
    """`crmkit.events` is where hosts find it."""
    kind = BY_TOPIC[topic]
    assert kind is getattr(events, kind.__name__, None)


def test_the_catalogue_is_complete() -> None:
    """What is exported as an event is in the catalogue, and the other way round."""
    exported = {kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)}
    assert {Event, *BY_TOPIC.values()} == exported


@pytest.mark.parametrize("topic", SPOKEN)
def test_an_event_is_the_past_participle_of_a_verb(topic: str, rooms: Mapping[str, type[Any]]) -> None:
    """`tx.deals.move` raises `deal.moved`: who knows the verb knows the event."""
    noun, _, participle = topic.partition(".")
    room = next((name for name in rooms if _is_room_of(name, noun)), None)
    assert room is not None, f"no room for {noun!r} among {sorted(rooms)}"
    assert participle in _participles_of(rooms[room])


@pytest.mark.parametrize("kind", DERIVED)
def test_a_derived_event_has_no_verb_of_its_own(kind: type[Event], rooms: Mapping[str, type[Any]]) -> None:
    """The list of events that a rule raises is no way around the naming rule."""
    noun, _, participle = kind.topic.partition(".")
    assert kind is BY_TOPIC[kind.topic]
    verbs = [
        participle for name, room in rooms.items() if _is_room_of(name, noun) for participle in _participles_of(room)
    ]
    assert participle not in verbs


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _is_room_of(room: str, noun: str) -> bool:
    return room in {noun, f"{noun}s", f"{noun.removesuffix('y')}ies"}


def _participles_of(room: type[Any]) -> set[str]:
    """How the verbs of a room would be called once done."""
    verbs = [name for name in dir(room) if not name.startswith("_") and callable(getattr(room, name))]
    return {done for verb in verbs for done in _participles(verb)}


def _participles(verb: str) -> set[str]:
    """Every regular spelling of a verb's past participle, or the irregular one; a particle stays behind it."""
    word, underscore, particle = verb.partition("_")
    if word in IRREGULAR:
        done = {IRREGULAR[word]}
    elif word.endswith("e"):
        done = {f"{word}d"}
    elif re.search(r"[^aeiou]y$", word):
        done = {f"{word[:-1]}ied"}
    else:
        done = {f"{word}ed", f"{word}{word[-1]}ed"}
    return {f"{one}{underscore}{particle}" for one in done}
