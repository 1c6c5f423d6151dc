"""Which hooks there are, and who implements them: pluggy keeps the book, one for each CRM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pluggy import HookimplOpts, HookspecMarker, PluginManager

from crmkit.domain.events import BY_TOPIC, Event
from crmkit.plugins.hooks import asking, deciding, following, registering
from crmkit.plugins.hooks.spec import PROJECT, Spec, spec_of
from crmkit.plugins.implementations import Implementation

_MODULES = (registering, deciding, asking, following)


@cache
def declared() -> Mapping[str, Spec]:
    """Every hook that is written down, by name, in the order of the reference."""
    found = [one for module in _MODULES for one in vars(module).values() if hasattr(one, "__crm__")]
    return {spec.name: spec for spec in map(spec_of, found)}


def generated(catalogue: Mapping[str, type[Event]] = BY_TOPIC) -> Mapping[str, Spec]:
    """The observer of each event, by name."""
    specs = [spec_of(following.after(kind)) for kind in catalogue.values()]
    return {spec.name: spec for spec in specs}


class Registry(PluginManager):
    """The hooks of one CRM; afterwards closed: who registers later is told so."""

    def __init__(self) -> None:
        super().__init__(PROJECT)
        self.specs: dict[str, Spec] = {**declared(), **generated()}
        mark = HookspecMarker(PROJECT)
        self.add_hookspecs(
            type("Hooks", (), {name: staticmethod(mark(spec.declared)) for name, spec in self.specs.items()})
        )
        self._accepted: dict[int, Mapping[str, Implementation]] = {}
        self._closed = False

    def accept(self, plugin: object, name: str, found: list[Implementation]) -> None:
        """Take a plugin in, with the implementations that were found good."""
        if self._closed:
            message = "Plugins are settled when a CRM opens: give them to CRM.open(plugins=…)."
            raise RuntimeError(message)
        self._accepted[id(plugin)] = {one.method: one for one in found}
        self.register(plugin, name)

    def parse_hookimpl_opts(self, plugin: object, name: str) -> HookimplOpts | None:
        """Only what was accepted: pluggy would look at every attribute, and so run properties."""
        if name not in self._accepted.get(id(plugin), {}):
            return None
        opts: HookimplOpts = getattr(getattr(plugin, name), f"{PROJECT}_impl")
        return opts

    def close(self) -> Mapping[str, tuple[Implementation, ...]]:
        """Everything in the order it was taken in; nobody comes in any more."""
        self._closed = True
        return {name: tuple(self._of(name)) for name in self.specs}

    def _of(self, hook: str) -> Iterator[Implementation]:
        caller: Any = getattr(self.hook, hook)
        for one in caller.get_hookimpls():
            yield self._accepted[id(one.plugin)][hook]
