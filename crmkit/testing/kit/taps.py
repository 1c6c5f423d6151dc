"""Every call of a plugin's hook or observer, seen and, if asked, made to fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

import attrs

from crmkit.plugins.host import Plugins
from crmkit.plugins.implementations import Implementation, Observer
from crmkit.plugins.observing import Observers


@attrs.frozen
class HookCall:
    """One call: of which plugin's method, for which hook, with what."""

    plugin: str
    hook: str
    method: str
    arguments: tuple[Any, ...] = attrs.field(repr=False)


class HookRecorder:
    """
    What plugins were asked and told, in order; observers are `crm_after_<event>`.

    The hooks asked while a CRM opens (`crm_register_…`) are over before anybody can listen.
    """

    def __init__(self) -> None:
        self.calls: list[HookCall] = []
        #: How often each subscriber, `<plugin>.<name>`, is to fail yet.
        self.failing: Counter[str] = Counter()
        #: What is called around each implementation inside a transaction.
        self.watch: Callable[[Implementation, Callable[[], Any]], Any] | None = None

    def getcalls(self, *hooks: str) -> list[HookCall]:
        """The calls of these hooks; fail if there is no such hook, for it would never have been called."""
        for hook in hooks:
            _there_is(hook)
        return [call for call in self.calls if call.hook in hooks]

    def popcall(self, hook: str) -> HookCall:
        """Take the oldest call of *hook* out; fail if there is none."""
        _there_is(hook)
        for place, call in enumerate(self.calls):
            if call.hook == hook:
                return self.calls.pop(place)
        seen = ", ".join(call.hook for call in self.calls) or "none"
        raise AssertionError(f"{hook} was not called. Called were: {seen}.")

    def clear(self) -> None:
        """Forget the calls so far."""
        self.calls.clear()

    def listen(self, plugins: Plugins) -> None:
        """Stand before every method of these plugins; their CRM must not have been made yet."""
        dispatch = plugins.dispatch
        for hook, some in dispatch.implemented.items():
            dispatch.implemented[hook] = tuple(attrs.evolve(one, function=self._hook(one)) for one in some)
        seen = [attrs.evolve(one, function=self._observer(one)) for one in plugins.observers.all]
        plugins.observers = Observers(seen, plugins.failures)

    def _hook(self, one: Implementation) -> Callable[..., Any]:
        @wraps(one.function)
        def called(*given: Any) -> Any:
            self.calls.append(HookCall(one.plugin, one.hook, one.method, given))
            if self.watch is None:
                return one.function(*given)
            return self.watch(one, lambda: one.function(*given))

        return called

    def _observer(self, one: Observer) -> Callable[..., Any]:
        @wraps(one.function)
        def told(*given: Any) -> Any:
            hook = f"crm_after_{given[-1].topic.replace('.', '_')}"
            self.calls.append(HookCall(one.plugin, hook, one.method, given))
            if self.failing[one.name]:
                self.failing[one.name] -= 1
                raise RuntimeError("told to fail by the test")
            return one.function(*given)

        return told


def _there_is(hook: str) -> None:
    from crmkit.plugins.registry import declared, generated

    if hook not in (known := {**declared(), **generated()}):
        from difflib import get_close_matches

        near = get_close_matches(hook, known, 1)
        mean = f"Did you mean {near[0]}?" if near else "`crmkit plugins hooks` lists them."
        raise AssertionError(f"There is no hook {hook}. {mean}")
