from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import crmkit
from crmkit.domain.events import BY_TOPIC
from crmkit.plugins.hooks.following import name_of
from crmkit.plugins.hooks.spec import PREFIXES, Fail, Kind, Phase, Spec
from crmkit.plugins.registry import declared, generated

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "hooks.md"
OURS = {topic: kind for topic, kind in BY_TOPIC.items() if kind.__module__.startswith("crmkit.domain.events")}
OPENING = """# Every hook

A hook is a method of a plugin that crmkit calls, marked with `@hookimpl` and named as below; [Writing plugins](writing-plugins.md) says how one is made, [the lifecycle](lifecycle.md) in which order they are called.
A method may leave out arguments it does not need.
The order of plugins is the order of the host's list, and nothing else.

Whoever reads a hook's name knows its kind:

| kind | begins with | answers become one | order |
|---|---|---|---|
"""
KINDS: dict[Kind, tuple[str, str]] = {
    "collect": ("everything of everybody", "as listed"),
    "first": ("the first that is not None", "as listed, until one answers"),
    "guard": ("every objection is told to the caller; one is enough to refuse", "as listed, and all are asked"),
    "filter": ("each gets what the one before it returned; None: unchanged", "as listed"),
    "project": ("nothing is returned", "as listed"),
    "observe": ("nothing is returned", "none between plugins"),
    "around": ("nothing is returned; it yields once", "the first listed is outermost"),
}
PHASES: dict[Phase, str] = {
    "build": "once, while the CRM opens; no input or output",
    "query": "while somebody reads, or something leaves the house; it writes nothing",
    "in_tx": "inside the transaction, before its commit: no network, no waiting, never async",
    "after_commit": "after the commit, which nothing can undo any more",
}
FAILS: dict[Fail, str] = {
    "broken": "the CRM does not open, and says whose fault it is",
    "skip": "its part is missing, which the result says; the others are asked all the same",
    "open": "it counts as no answer; the command goes on, and the failure is on record",
    "closed": "the command is refused with `PluginFailure`, and nothing is written",
    "isolated": "nobody else notices; it is on record, and an event is told again",
    "propagates": "it comes out of the verb, and the transaction is over",
}
MIDDLE = """
What a plugin raises is counted, logged by names and places only, and told to `crm_on_plugin_error`; `KeyboardInterrupt` is nobody's failure and goes through.
A hook inside itself for the sixth time is `PluginTooDeep`.

"""
OBSERVERS = """## crm_after_…: one for each event

Every event has a hook of its own: `deal.won` is `crm_after_deal_won`, and `@on(DealWon)` on a method of any name is the same thing with options.
Kind, order and failures are those of `crm_after_event`; *event* is of the class named.

```{literalinclude} examples/hooks/crm_after_deal_won.py
:language: python
```

| hook | event |
|---|---|
"""


def page() -> str:
    """The page as it should be: written from the declarations."""
    rows = [
        f"| {kind} | {', '.join(f'`{one}…`' if one.endswith('_') else f'`{one}`' for one in PREFIXES[kind])} "
        f"| {answers} | {order} |\n"
        for kind, (answers, order) in KINDS.items()
    ]
    hooks = "\n".join(line for spec in declared().values() for line in _hook(spec))
    heard = [f"| `{name_of(OURS[topic])}` | `{OURS[topic].__name__}` |\n" for topic in sorted(OURS)]
    return OPENING + "".join(rows) + MIDDLE + hooks + "\n" + OBSERVERS + "".join(heard)


def _hook(spec: Spec) -> Iterator[str]:
    yield f"## {spec.name}\n"
    if spec.deprecated is not None:
        yield f"Deprecated since {spec.deprecated}. Write {spec.instead} instead.\n"
    yield f"{_sentences(spec.doc)}\n"
    yield f"```py\n{spec.signature}\n```\n"
    answers, order = KINDS[spec.kind]
    yield f"- *kind*: {spec.kind}; {answers}"
    yield f"- *called*: {PHASES[spec.phase]}"
    yield f"- *order*: {order}"
    yield f"- *if it raises*: {FAILS[spec.fail]}"
    for name, successor in spec.going.items():
        yield f"- *`{name}` goes*: take {successor}"
    yield f"- *since*: {spec.since}\n"
    yield f"```{{literalinclude}} examples/hooks/{spec.name}.py\n:language: python\n```\n"


def _sentences(doc: str) -> str:
    """One sentence a line, as everything here."""
    return "\n\n".join(" ".join(part.split("\n")).replace(". ", ".\n") for part in doc.split("\n\n"))


def test_the_page_of_hooks_is_what_is_declared() -> None:
    """Hook by hook and argument by argument; CRMKIT_WRITE_DOCS=1 writes it anew."""
    if os.environ.get("CRMKIT_WRITE_DOCS") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert page() == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", [*declared().values(), *generated(OURS).values()], ids=lambda spec: spec.name)
def test_every_hook_says_what_it_is_for(spec: Spec) -> None:
    """A sentence, in the reference and in an editor; and its name tells its kind."""
    assert spec.doc.split("\n\n", maxsplit=1)[0].endswith(".")
    assert spec.name.startswith(PREFIXES[spec.kind])
    assert {*spec.arguments, "return"} == spec.hints().keys()


@pytest.mark.parametrize("name", declared())
def test_every_example_has_the_whole_signature_of_its_hook(name: str) -> None:
    """A reader copies it: an argument that it leaves out would be thought not to exist."""
    example = (DOCS / "examples" / "hooks" / f"{name}.py").read_text(encoding="utf-8")
    assert declared()[name].signature.rpartition(" -> ")[0] in example  # it may return less than it might


def test_hooks_that_are_to_come_are_not_there_yet() -> None:
    """Whoever brings one takes it off the list of decision 6, which says of each other what it comes with."""
    record = (DOCS / "decisions" / "0006-plugins.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| (`crm_[^|]+) \|$", record, re.MULTILINE)
    awaited = [name for _, names in rows for name in re.findall(r"`(crm_\w+)`", names)]
    assert sorted(set(awaited)) == sorted(awaited) != []
    assert set() == set(awaited) & {*declared(), *generated()}
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(crmkit.__file__).parent.rglob("*.py"))
    assert [] == [name for name in awaited if f'"{name}"' in sources]
    named = set(
        re.findall(r"`(crm_(?:access|around|assign|check|collect|erase|filter|find|plan|register)_\w+)`", record)
    )
    assert set() == named - set(awaited) - set(declared())
