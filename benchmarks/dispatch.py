"""
What it costs to call a hook: ours, pluggy's, blinker's, and the same methods called directly.

All are measured in turns within one run, so that a busy machine is busy for each of them; the table shows medians.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from timeit import Timer
from typing import Any

import pluggy
from blinker import Signal

from crmkit.plugins.dispatch import Dispatch
from crmkit.plugins.failures import Failures
from crmkit.plugins.implementations import Implementation

COUNTS = (0, 1, 5, 20)
CONTENDERS = ("direct", "crmkit", "pluggy", "blinker")
#: What an implementation of each kind answers: the usual case, in which it has nothing to say or to object.
ANSWERS: Mapping[str, Any] = {"guard": None, "filter": None, "first": None, "collect": (), "tell": None}
CTX, VALUE = object(), (1, 2, 3)
_spec, _impl = pluggy.HookspecMarker("bench"), pluggy.HookimplMarker("bench")
Call = Callable[[], object]


class Specs:
    """The hook, as pluggy wants it declared."""

    @_spec
    def hook(self, ctx: object, value: object) -> None:
        """Be called."""


class FirstSpecs:
    """The same, of which the first answer counts."""

    @_spec(firstresult=True)
    def hook(self, ctx: object, value: object) -> None:
        """Be called."""


class Answering:
    """An implementation."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @_impl
    def hook(self, ctx: object, value: object) -> Any:  # noqa: ARG002  # what a hook is given is half of its cost
        """Answer."""
        return self.answer


def calls(kind: str, count: int) -> dict[str, Call]:
    """The same hook with so many implementations, called in each way."""
    plugins = [Answering(ANSWERS[kind]) for _ in range(count)]
    found = {"direct": _direct(kind, plugins), "crmkit": _ours(kind, plugins), "pluggy": _pluggy(kind, plugins)}
    return found if kind in ("filter", "first") else found | {"blinker": _blinker(plugins)}


def _direct(kind: str, plugins: Sequence[Answering]) -> Call:
    functions = [one.hook for one in plugins]

    def plain() -> object:
        return [function(CTX, VALUE) for function in functions]

    def filtered() -> object:
        value: object = VALUE
        for function in functions:
            answer = function(CTX, value)
            value = value if answer is None else answer
        return value

    def first() -> object:
        for function in functions:
            if (answer := function(CTX, VALUE)) is not None:
                return answer
        return None

    return {"filter": filtered, "first": first}.get(kind, plain)


def _ours(kind: str, plugins: Sequence[Answering]) -> Call:
    implemented = [Implementation(f"p{n}", "hook", "hook", one.hook, ("ctx", "value")) for n, one in enumerate(plugins)]
    ours = Dispatch({"hook": implemented}, Failures())
    return {
        "guard": lambda: ours.guard("hook", ctx=CTX, value=VALUE),
        "filter": lambda: ours.filter("hook", "value", VALUE, _same, ctx=CTX),
        "first": lambda: ours.first("hook", closed=True, ctx=CTX, value=VALUE),
        "collect": lambda: ours.collect("hook", ctx=CTX, value=VALUE),
        "tell": lambda: ours.tell("hook", ctx=CTX, value=VALUE),
    }[kind]


def _same(_before: object, _after: object) -> bool:
    return True


def _pluggy(kind: str, plugins: Sequence[Answering]) -> Call:
    manager = pluggy.PluginManager("bench")
    manager.add_hookspecs(FirstSpecs if kind == "first" else Specs)
    for one in plugins:
        manager.register(one)
    hook = manager.hook.hook
    return lambda: hook(ctx=CTX, value=VALUE)


def _blinker(plugins: Sequence[Answering]) -> Call:
    signal = Signal()
    for one in plugins:
        signal.connect(_receiver(one), weak=False)
    return lambda: signal.send(CTX, value=VALUE)


def _receiver(one: Answering) -> Callable[..., Any]:
    def receive(sender: object, value: object) -> Any:
        return one.hook(sender, value)

    return receive


def measured(rounds: int, number: int) -> dict[tuple[str, int], dict[str, float]]:
    """Microseconds a call, by kind and count and contender."""
    cases = {(kind, count): calls(kind, count) for kind in ANSWERS for count in COUNTS}
    times: dict[tuple[str, int], dict[str, list[float]]] = {
        case: {name: [] for name in found} for case, found in cases.items()
    }
    for _ in range(rounds):
        for case, found in cases.items():
            for name, call in found.items():
                times[case][name].append(Timer(call).timeit(number) / number * 1e6)
    return {case: {name: median(some) for name, some in found.items()} for case, found in times.items()}


def table(figures: Mapping[tuple[str, int], Mapping[str, float]]) -> str:
    """The figures as Markdown."""
    lines = [
        "| kind | implementations | direct, µs | crmkit, µs | pluggy, µs | blinker, µs | crmkit : pluggy |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for (kind, count), found in figures.items():
        shown = " | ".join(f"{found[name]:.2f}" if name in found else "–" for name in CONTENDERS)
        lines.append(f"| {kind} | {count} | {shown} | {found['crmkit'] / found['pluggy']:.2f} |")
    return "\n".join(lines)


def page(shown: str) -> str:
    """The page of the documentation."""
    return f"""# What a hook costs

Medians of one run of `python benchmarks/dispatch.py --write`, every contender measured in turns.
They are a picture of one machine, never a promise: nothing asserts them.
The implementations have nothing to say, which is the usual case.

{shown}

CPython {platform.python_version()}, pluggy {version("pluggy")}, blinker {version("blinker")}.

- *direct* is a loop over the same bound methods: what no dispatch can be quicker than.
- *crmkit* isolates each implementation, knows whose it was, and stops a hook that leads to itself.
- *pluggy* does none of these; it has no filters, so there its plain call stands.
- *blinker* has no first answer and no filters; its receivers are functions, as `crm.on` gets them.
- A hook that nobody implements is a look-up in a dictionary; on the path of a command not even that, one comparison.

No hook is called for each row of a list: ten thousand rows would cost as many of these.
"""


def main() -> None:
    """Measure, print, and write if asked to."""
    reader = argparse.ArgumentParser(description="What it costs to call a hook.")
    reader.add_argument("--rounds", type=int, default=15, help="how often everything is measured (%(default)s)")
    reader.add_argument("--number", type=int, default=2_000, help="how many calls at a time (%(default)s)")
    reader.add_argument("--write", action="store_true", help="write docs/performance-dispatch.md, too")
    given = reader.parse_args()
    shown = table(measured(given.rounds, given.number))
    print(shown)
    if given.write:
        path = Path(__file__).parents[1] / "docs" / "performance-dispatch.md"
        path.write_text(page(shown), encoding="utf-8")


if __name__ == "__main__":
    main()
