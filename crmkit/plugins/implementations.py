"""A plugin's hooks, looked at before it may take part: every mistake is told at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, get_origin, get_type_hints

import attrs

from crmkit.domain.events import BY_TOPIC, Event
from crmkit.errors import Fault
from crmkit.plugins.deprecating import Old, old_events
from crmkit.plugins.hooks.following import name_of
from crmkit.plugins.hooks.spec import PROJECT, Spec
from crmkit.plugins.markers import Observed, observed_by
from crmkit.plugins.plugin import Plugin, is_plugin

_NAMED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@attrs.frozen
class Implementation:
    """One method of one plugin, bound, and which of the hook's arguments it takes, in its own order."""

    plugin: str
    hook: str
    method: str
    function: Callable[..., Any] = attrs.field(repr=False)
    takes: tuple[str, ...] = ()


@attrs.frozen
class Observer:
    """A method that hears events."""

    plugin: str
    method: str
    name: str
    heard: tuple[type[Event], ...]
    said: Observed
    with_context: bool
    function: Callable[..., Any] = attrs.field(repr=False)
    #: What is left alone with it when it fails again and again: its plugin, or itself.
    circuit: str = attrs.field(default=attrs.Factory(lambda one: one.plugin, takes_self=True))


@attrs.define
class Findings:
    """What a plugin brings, what is wrong with it, and what an older crmkit goes without."""

    implementations: list[Implementation] = attrs.field(factory=list[Implementation])
    observers: list[Observer] = attrs.field(factory=list[Observer])
    faults: list[Fault] = attrs.field(factory=list[Fault])
    notes: list[str] = attrs.field(factory=list[str])
    #: What of it rests on something that goes.
    old: list[Old] = attrs.field(factory=list[Old])


def found_in(plugin: object, specs: Mapping[str, Spec]) -> Findings:
    """Look at every method of a plugin."""
    findings = Findings()
    if isinstance(plugin, type):
        name = plugin.__name__
        findings.faults.append(Fault(f"plugins.{name}", "class", f"Give an instance: {name}(…), not the class.", name))
        return findings
    if not is_plugin(plugin):
        name = type(plugin).__name__
        say = "A plugin is an instance of a subclass of crmkit.plugins.Plugin."
        findings.faults.append(Fault(f"plugins.{name}", "no_plugin", say, name))
        return findings
    look = _Look(plugin, specs, findings)
    for method, function in _methods(plugin):
        look.at(method, function)
    look.done()
    return findings


def _methods(plugin: Plugin[Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in dir(type(plugin)):
        if not name.startswith("__") and callable(getattr(type(plugin), name, None)):
            yield name, getattr(plugin, name)


class _Look:
    """One plugin, under the eye."""

    def __init__(self, plugin: Plugin[Any], specs: Mapping[str, Spec], findings: Findings) -> None:
        self._plugin, self._specs, self._findings = plugin, specs, findings

    def at(self, method: str, function: Callable[..., Any]) -> None:
        """See what a method is marked as."""
        marked, said = getattr(function, f"{PROJECT}_impl", None), observed_by(function)
        if said is not None:
            self._observer(method, function, said)
        elif marked is not None:
            self._implementation(method, function, optional=bool(marked.get("optionalhook")))
        elif method.startswith("crm_"):
            self._fault(method, "unmarked", "This looks like a hook: mark it with @hookimpl, or rename it.")

    def done(self) -> None:
        """Say what only the whole tells."""
        findings, names = self._findings, [one.name for one in self._findings.observers]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._fault(name, "twice", "Two observers have this name. Give one of them an id: @on(…, id=…).")
        if not (findings.implementations or findings.observers or findings.faults or findings.notes):
            self._fault("", "no_hooks", "It does nothing: mark its methods with @hookimpl or @on.")

    def _implementation(self, method: str, function: Callable[..., Any], *, optional: bool) -> None:
        spec = self._specs.get(method)
        if spec is None:
            if optional:
                self._findings.notes.append(f"{method} is not known to this crmkit")
                return
            near = _near(method, self._specs)
            hint = f" Did you mean {near[0]}?" if near else " `crmkit plugins hooks` lists them."
            self._fault(method, "unknown_hook", f"There is no such hook.{hint}")
            return
        if spec.kind == "observe":
            heard = _heard_by(method)
            if heard is not None:
                self._observer(method, function, Observed((heard,)))
                return
        self._colour(method, function, spec)
        takes = self._parameters(method, function, spec.arguments)
        self._old(method, spec, takes)
        self._types(method, function, spec)
        self._findings.implementations.append(Implementation(self._plugin.name, method, method, function, takes))

    def _observer(self, method: str, function: Callable[..., Any], said: Observed) -> None:
        heard = list[type[Event]]()
        for one in said.heard:
            kind = one if isinstance(one, type) else BY_TOPIC.get(one)
            if kind is None and not said.optional:
                near = _near(str(one), BY_TOPIC)
                self._fault(method, "unknown_event", f"There is no event {one}.{_mean(near)}")
            elif kind is None:
                self._findings.notes.append(f"{method}: nobody brings {one}")
            else:
                heard.append(kind)
        before = len(self._findings.faults)
        takes = self._parameters(method, function, ("ctx", "event"))
        if takes not in (("event",), ("ctx", "event")) and len(self._findings.faults) == before:
            self._fault(method, "arguments", "An observer takes (self, event) or (self, ctx, event).")
        by_hook = observed_by(function) is None
        doing = [(f"implements {method}" if by_hook else f"hears {kind.__name__} in {method}", kind) for kind in heard]
        self._findings.old += old_events(doing)
        if heard:
            self._event_type(method, function, heard)
            name = f"{self._plugin.name}.{said.id or method}"
            self._findings.observers.append(
                Observer(self._plugin.name, method, name, tuple(heard), said, "ctx" in takes, function)
            )

    def _colour(self, method: str, function: Callable[..., Any], spec: Spec) -> None:
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            self._fault(method, "async", "Only observers may be async: hooks inside a transaction are plain functions.")
        elif spec.kind == "around" and not inspect.isgeneratorfunction(function):
            self._fault(method, "no_generator", "It must yield once.")

    def _parameters(self, method: str, function: Callable[..., Any], known: tuple[str, ...]) -> tuple[str, ...]:
        """The names a method takes; only those the hook has, and none that nobody would fill."""
        takes = list[str]()
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind not in _NAMED:
                shown = str(parameter).partition(":")[0]
                self._fault(method, "arguments", f"Nobody fills {shown}: take plain names.")
            elif name in known:
                takes.append(name)
            elif parameter.default is inspect.Parameter.empty:
                self._fault(method, "arguments", f"There is no argument {name}. There are: {', '.join(known)}.")
        return tuple(takes)

    def _old(self, method: str, spec: Spec, takes: tuple[str, ...]) -> None:
        if spec.deprecated is not None:
            self._findings.old.append(Old(f"implements {spec.name}", spec.deprecated, spec.instead))
        for name in takes:
            if name in spec.going:
                self._findings.old.append(Old(f"takes {name} in {method}", None, spec.going[name]))

    def _types(self, method: str, function: Callable[..., Any], spec: Spec) -> None:
        hints, wanted = _hints(function), spec.hints()
        for name in spec.arguments:
            if hints is not None and name in hints and not _fits(hints[name], wanted[name]):
                self._fault(method, "annotation", f"{name} is {_shown(wanted[name])}, not {_shown(hints[name])}.")

    def _event_type(self, method: str, function: Callable[..., Any], heard: list[type[Event]]) -> None:
        hint = (_hints(function) or {}).get("event")
        for kind in heard:
            if isinstance(hint, type) and not issubclass(kind, hint):
                self._fault(method, "annotation", f"event is {kind.__name__}, not {hint.__name__}.")

    def _fault(self, method: str, code: str, say: str) -> None:
        name = self._plugin.name
        self._findings.faults.append(Fault(f"plugins.{name}.{method}".rstrip("."), code, say, name))


def _heard_by(hook: str) -> type[Event] | None:
    """The event whose observer has this name; `crm_on_…` hear no events."""
    if hook == name_of(Event):
        return Event
    return next((kind for kind in BY_TOPIC.values() if name_of(kind) == hook), None)


def _hints(function: Callable[..., Any]) -> dict[str, Any] | None:
    try:
        return get_type_hints(function)
    except Exception:  # noqa: BLE001  # an annotation may name anything, at least what only type checkers see
        return None


def _fits(given: Any, wanted: Any) -> bool:
    """Whether an argument of type *wanted* may be handed to a parameter of type *given*; in doubt it may."""
    if given in (Any, object) or given == wanted:
        return True
    given_class, wanted_class = get_origin(given) or given, get_origin(wanted) or wanted
    if not (isinstance(given_class, type) and isinstance(wanted_class, type)):
        return True
    return issubclass(wanted_class, given_class) and (given_class is given or wanted_class is wanted)


def _shown(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)


def _mean(near: list[str]) -> str:
    return f" Did you mean {near[0]}?" if near else ""


def _near(name: str, known: Iterable[str]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(name, list(known), 1)
