"""CRMs for tests: made of the plugins one names, watched, and closed at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from crmkit.crm.doors import CRM
from crmkit.crm.plugin_tables import prepare_tables
from crmkit.domain.events import Event
from crmkit.errors import Fault, Invalid
from crmkit.plugins.host import Plugins
from crmkit.plugins.plugin import Plugin
from crmkit.ports import Ids, Storage
from crmkit.storage.opening import open_storage
from crmkit.testing.clock import FrozenClock
from crmkit.testing.kit.driving import RelayDriver, fresh_relay
from crmkit.testing.kit.hearing import EventRecorder
from crmkit.testing.kit.stepping import SteppedStorage, Steps
from crmkit.testing.kit.taps import HookRecorder

NOTHING: Mapping[str, Any] = {}


class MakeCRM(Protocol):
    """What the fixtures `make_crm` and `sql_crm` are: for who annotates tests."""

    def __call__(
        self, *plugins: type[Plugin[Any]] | Plugin[Any], settings: Mapping[str, Mapping[str, Any]] = ...,
        env: Mapping[str, str] = ..., **options: Any,
    ) -> CRM:  # fmt: skip
        """Open a CRM with these plugins and no others; *options* are those of `CRM`."""
        ...


class Workshop:
    """
    What one test's fixtures share: its clock and ids, what was heard, and the CRM that was made last.

    >>> workshop = Workshop()
    >>> crm = workshop.make()
    >>> with crm.begin() as tx:
    ...     _ = tx.clients.add(name="Anna")
    >>> workshop.events.topics()
    ['client.added']
    >>> workshop.close()
    """

    def __init__(self, clock: FrozenClock | None = None, ids: Ids | None = None) -> None:
        from crmkit.testing.kit.ids import CountedIds

        self.clock, self.ids = clock or FrozenClock(), ids or CountedIds()
        self.events, self.hooks, self.steps = EventRecorder(), HookRecorder(), Steps()
        self.relay = RelayDriver(self.latest, self.clock, self.events, self.hooks, self.steps)
        self._made: list[CRM] = []
        self.clock.followers.append(self.run_due)

    def make(
        self, *plugins: type[Plugin[Any]] | Plugin[Any], settings: Mapping[str, Mapping[str, Any]] = NOTHING,
        env: Mapping[str, str] = NOTHING, url: str = "memory://", storage: Storage | None = None, **options: Any,
    ) -> CRM:  # fmt: skip
        """
        Open a CRM with these plugins and no others, whatever is installed.

        Classes are made from `settings[name]` as a host's file would be read, secrets looked up in *env* alone. Nothing
        is told before the fixture `relay` is asked to, and whatever was said is a yes, unless *options*, those of
        `CRM`, say so. A *storage* that
        another CRM has stands for a process that begins anew.
        """
        if strange := [one for one in plugins if not isinstance(one, (type, Plugin))]:
            say = f"Give plugins, classes or instances, not {', '.join(map(repr, strange))}: no name is looked up here."
            raise Invalid(Fault("plugins", "no_plugin", say))
        unused = set(settings) - {one.name for one in plugins}
        if unused:
            named = ", ".join(f'"{one.name}": {{…}}' for one in plugins)
            say = f"No plugin given is called {', '.join(sorted(unused))}. Say settings={{{named}}}."
            raise Invalid(Fault("settings", "unknown", say))
        made = [one if isinstance(one, Plugin) else plugin_of(one, settings.get(one.name, {}), env) for one in plugins]
        known = Plugins(made)
        self.hooks.listen(known)
        kept = SteppedStorage(open_storage(url, migrate="create"), self.steps) if storage is None else storage
        given: dict[str, Any] = {"clock": self.clock, "ids": self.ids, "delivery": "external", "region": "RU"}
        given["consent"] = "permissive"
        given |= options
        try:
            prepare_tables(known, kept, "create")
            crm = CRM(kept, plugins=known, **given)
        except BaseException:
            kept.close()
            raise
        crm.on(Event)(self.events.hear)
        if given["delivery"] == "external":
            fresh_relay(crm)
        self._made.append(crm)
        return crm

    def latest(self) -> CRM:
        """The CRM that was made last."""
        assert self._made, "No CRM has been made yet: ask for `make_crm` or `crm` first."
        return self._made[-1]

    def made(self) -> Sequence[CRM]:
        """Every CRM made, the oldest first."""
        return self._made

    def run_due(self) -> None:
        """Do what has become due, in every CRM."""
        for crm in self._made:
            crm.run_due()

    def close(self) -> None:
        """Close them all, and leave the clock alone."""
        self.clock.followers.remove(self.run_due)
        while self._made:
            self._made.pop().close()


def plugin_of(kind: type[Plugin[Any]], settings: Mapping[str, Any], env: Mapping[str, str]) -> Plugin[Any]:
    """Make a plugin as a host's list would: its settings are read strictly, secrets from *env* alone."""
    from crmkit.plugins.settings.structured import structured

    if kind.settings_class is None:
        if settings:
            raise Invalid(Fault(f"plugins.{kind.name}", "unknown", "It has no settings.", kind.name))
        return kind()
    return kind(structured(kind.settings_class, settings, plugin=kind.name, environ=env))
