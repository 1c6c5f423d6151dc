from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from crmkit.domain.events import BY_TOPIC, Event
from crmkit.plugins import HookContext
from crmkit.plugins.hooks.spec import Spec, hookspec, spec_of
from crmkit.plugins.registry import declared, generated

LOCK = Path(__file__).parents[2] / "hookspecs.lock.json"
#: Without what other tests declare.
OURS = {topic: kind for topic, kind in BY_TOPIC.items() if kind.__module__.startswith("crmkit.domain.events")}
#: What is on record, by hook or event, by what it says of it.
Locked = dict[str, dict[str, Any]]


def contract(specs: Mapping[str, Spec], events: Mapping[str, type[Event]]) -> Locked:
    """What plugins may rely on: every hook, and what every event of ours says."""
    said = {f"hook {name}": _hook(spec) for name, spec in specs.items()}
    told = {
        f"event {topic}": {one.name: _written(one.type) for one in attrs.fields(kind)} for topic, kind in events.items()
    }
    return dict(sorted({**said, **told}.items()))


def _hook(spec: Spec) -> dict[str, Any]:
    types = spec.types()
    arguments = {name: types[name] for name in spec.arguments}
    return {
        "arguments": arguments, "returns": types["return"], "kind": spec.kind, "phase": spec.phase, "fail": spec.fail,
        "since": spec.since,
    }  # fmt: skip


def _written(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)


def broken(locked: Locked, now: Locked, deprecated: Mapping[str, str]) -> Iterator[str]:
    """What was promised and is no longer so, unless it was deprecated in some version."""
    for name in locked.keys() - deprecated.keys():
        if name not in now:
            yield f"{name} is gone"
        elif not _still_holds(locked[name], now[name]):
            yield f"{name} was {locked[name]}, is {now[name]}"


def _still_holds(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Arguments and fields may be added at the end; nothing else may change."""
    for key, value in before.items():
        if isinstance(value, dict):
            if not _still_holds(cast("Mapping[str, Any]", value), after.get(key, {})):
                return False
        elif after.get(key) != value:
            return False
    return [*before] == [*after][: len(before)]


def _read() -> tuple[Locked, dict[str, str]]:
    text: Any = json.loads(LOCK.read_text(encoding="utf-8"))
    return text["contract"], text["deprecated"]


def test_what_plugins_rely_on_is_what_is_on_record() -> None:
    """
    What is new is put on record by CRMKIT_WRITE_DOCS=1; a change or a removal stays an error until it is deprecated.

    Who means it names it under "deprecated" in the file, with the version that began to warn of it.
    """
    (locked, deprecated), now = _read(), contract({**declared(), **generated(OURS)}, OURS)
    assert [] == sorted(broken(locked, now, deprecated))
    if os.environ.get("CRMKIT_WRITE_DOCS") == "1":
        text = json.dumps({"deprecated": deprecated, "contract": now}, indent=1, ensure_ascii=False)
        LOCK.write_text(f"{text}\n", encoding="utf-8")
    assert now == _read()[0]


def test_what_is_deprecated_on_record_says_since_when() -> None:
    """An exemption without a version would exempt for ever."""
    _, deprecated = _read()
    assert [] == [name for name, since in deprecated.items() if not since.replace(".", "").isdigit()]


@hookspec(kind="guard", phase="in_tx", fail="closed")
def crm_check_moon(ctx: HookContext, phase: str) -> None:
    """Object to the moon."""


@pytest.mark.parametrize(
    ("changed", "holds"),
    [
        ({"arguments": {"ctx": "HookContext", "phase": "int"}}, False),
        ({"arguments": {"ctx": "HookContext"}}, False),
        ({"arguments": {"phase": "str", "ctx": "HookContext"}}, False),
        ({"arguments": {"ctx": "HookContext", "phase": "str", "night": "date"}}, True),
        ({"kind": "filter"}, False),
        ({"phase": "query"}, False),
        ({"fail": "open"}, False),
        ({"returns": "Veto | None"}, False),
        (None, False),
        ({}, True),
    ],
    ids=["type", "removed", "order", "added", "kind", "phase", "fail", "returns", "gone", "same"],
)
def test_a_change_of_what_was_promised_is_an_error(changed: Mapping[str, Any] | None, holds: bool) -> None:
    """Somebody's plugin would stop working, or worse, work otherwise."""
    locked = contract({"crm_check_moon": spec_of(crm_check_moon)}, {})
    (before,) = locked.values()
    now = {} if changed is None else {"hook crm_check_moon": {**before, **changed}}
    assert holds == (not list(broken(locked, now, {})))


def test_a_change_that_was_announced_is_none() -> None:
    """Deprecated with a version, it may go."""
    locked = contract({"crm_check_moon": spec_of(crm_check_moon)}, {})
    assert [] == list(broken(locked, {}, {"hook crm_check_moon": "0.4"}))


def test_a_field_that_an_event_no_longer_says_is_an_error() -> None:
    """Observers read it, and deliveries of yesterday are still waiting."""
    locked = contract({}, OURS)
    topic = "event deal.won"
    less = {name: kind for name, kind in locked[topic].items() if name != "client_id"}
    (said,) = broken(locked, {**locked, topic: less}, {})
    assert said.startswith("event deal.won was")
