"""What every changing verb has in common: it tells the truth, keeps what it returns, and looks at versions."""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, cast

import attrs
import pytest
from right_calls import NOBODY, VERBS, World, call, good_calls

from crmkit import Client, Source, Transaction
from crmkit.errors import Conflict, Invalid, NotFound
from crmkit.events import Event
from crmkit.ports import Query

DAY = 86_400
SOURCE = Source("till", "shop", "spring", "9")
ENVELOPE = {field.name for field in attrs.fields(Event)}
#: What stands in no record and in no keyword: tests of their own look at these.
ELSEWHERE = {"first", "grant_id", "merge_id", "merged_id", "moved", "points", "refund_id", "stages", "survivor_id"}
#: What is told by a keyword of that name is something else, or not all of it.
MADE_INTO_MORE = {("consents.grant", "seen"), ("purchases.refund", "amount"), ("clients.ensure", "external_ids")}
COUNTED = [verb for verb in VERBS if "version" in good_calls(NOBODY)[verb]]


class Done(NamedTuple):
    """One call of a verb: what it was given, what there was before, what it returned and told."""

    given: Mapping[str, Any]
    before: Any
    after: Any
    event: Any


@pytest.fixture
def tx(world: World) -> Iterator[Transaction]:
    """A transaction of somebody's that comes to nothing."""
    with suppress(InterruptedError), world.crm.bind(actor="7", source=SOURCE, correlation_id="c9").begin() as tx:
        yield tx
        raise InterruptedError


@pytest.fixture
def done(tx: Transaction, world: World, verb: str) -> Done:
    given = good_calls(world.ids)[verb]
    before = None if "id" not in given else _room(tx, verb).get_many([given["id"]]).get(given["id"])
    after = call(tx, verb, given)
    after = cast("tuple[Any, bool]", after)[0] if isinstance(after, tuple) else after
    subject: Any = before if after is None else after
    told = [one for one in tx._unit.events if one.topic.partition(".")[0] == _noun(verb)]
    (event,) = [one for one in told if getattr(one, f"{_noun(verb)}_id") == subject.id]
    return Done(given, before, after, event)


def _noun(verb: str) -> str:
    return verb.partition(".")[0].removesuffix("s")


def _room(tx: Transaction, verb: str) -> Any:
    return getattr(tx, verb.partition(".")[0])


@pytest.mark.parametrize("verb", VERBS)
def test_its_event_says_who_when_from_where_and_of_which_version(world: World, done: Done) -> None:
    """The envelope is the transaction's; the version is the one that the verb made."""
    event = done.event
    assert (world.now, "7", SOURCE, "c9") == (event.at, event.actor, event.source, event.correlation_id)
    version = getattr(done.after, "version", None)
    assert version is None or version == event.version


@pytest.mark.parametrize("verb", VERBS)
def test_its_event_says_what_was_told_and_what_came_of_it(verb: str, done: Done) -> None:
    """Of whom, by their id; each other word as it was given, else as it stands in the record before or after."""
    given, before, after, event = done
    subject = after if after is not None else before
    assert subject.id == getattr(event, f"{_noun(verb)}_id")
    for name in _fields(event) - ENVELOPE - ELSEWHERE - {f"{_noun(verb)}_id"}:
        said: Any = getattr(event, name)
        side, _, word = name.partition("_")
        if name == "changes":
            assert [change.field for change in said] == _changed(before, after)
        elif name == "other_id":
            assert said == given["other"]
        elif name == "purchase_id":
            assert said == given["purchase"]
        elif name == "seconds":
            assert said == (given.get("seconds", 0) if verb.startswith("calls") else DAY)
        elif name == "answered_by":
            assert said == given["by"]
        elif side in ("from", "was"):
            assert said == getattr(before, word or "status")
        elif side == "to":
            assert said == getattr(after, word)
        elif name == "roles":
            assert set(said) == set(given["roles"])
        else:
            assert said == (given[name] if name in given else getattr(subject, name))


def _fields(value: Any) -> KeysView[str]:
    """In their order."""
    return {field.name: None for field in value.__attrs_attrs__}.keys()


def _changed(before: Any, after: Any) -> list[str]:
    """The names of the fields that differ, those of custom fields one by one; of what is new, none."""
    names: list[str] = []
    for name in _fields(after) if before is not None else ():
        old, new = getattr(before, name), getattr(after, name)
        if name in ("version", "updated_at") or old == new:
            continue
        names += [f"custom.{key}" for key in new.raw] if name == "custom" else [name]
    return names


@pytest.mark.parametrize("verb", VERBS)
def test_it_keeps_what_it_was_told(verb: str, done: Done) -> None:
    """Each keyword that is a field of the record, as it was given."""
    for name, value in done.given.items():
        if (
            name not in ("id", "version", "custom", "stages")
            and (verb, name) not in MADE_INTO_MORE
            and hasattr(done.after, name)
        ):
            kept = getattr(done.after, name)
            assert kept == (type(kept)(value) if isinstance(value, (list, dict)) else value), (verb, name)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb.endswith(".update")])
def test_what_an_update_is_not_told_stays(tx: Transaction, world: World, verb: str) -> None:
    """One keyword alone changes one thing."""
    given = good_calls(world.ids)[verb]
    for name in given.keys() - {"id", "version"}:
        before = _room(tx, verb).get(given["id"])
        after = call(tx, verb, {"id": given["id"], name: given[name]})
        assert {change.partition(".")[0] for change in _changed(before, after)} <= {name}
    before = _room(tx, verb).get(given["id"])
    assert before == call(tx, verb, {**given, "version": None})


@pytest.mark.parametrize("verb", VERBS)
def test_what_it_returns_is_what_is_stored(tx: Transaction, verb: str, done: Done) -> None:
    """What was removed is gone."""
    tx._unit.store.select(Query(Client, limit=1))  # writes out what is buffered
    id = (done.after or done.before).id
    assert done.after == _room(tx, verb).get_many([id]).get(id)


@pytest.mark.parametrize(
    ("verb", "keyword"), [*((verb, "version") for verb in COUNTED), ("clients.merge", "into_version")]
)
def test_a_version_that_was_not_the_last_is_a_conflict(tx: Transaction, world: World, verb: str, keyword: str) -> None:
    """Whoever looked before somebody else changed it looks again."""
    given = good_calls(world.ids)[verb]
    with pytest.raises(Conflict):
        call(tx, verb, {**given, keyword: given[keyword] + 1})


@pytest.mark.parametrize("verb", COUNTED)
def test_doing_it_again_changes_nothing_or_is_refused(tx: Transaction, world: World, verb: str) -> None:
    """Where it changes nothing, nothing is told, and the version looked at all the same; without one the last wins."""
    given = {**good_calls(world.ids)[verb], "version": None, "into_version": None}
    given = {name: value for name, value in given.items() if name in good_calls(world.ids)[verb]}
    once = call(tx, verb, given)
    told = len(tx._unit.events)
    try:
        twice = call(tx, verb, given)
    except (Invalid, NotFound):
        assert told == len(tx._unit.events)
        return
    if once != twice:
        assert twice.version > once.version
        return
    assert once == call(tx, verb, {**given, "version": once.version})
    assert told == len(tx._unit.events)
    with pytest.raises(Conflict):
        call(tx, verb, {**given, "version": once.version - 1})
