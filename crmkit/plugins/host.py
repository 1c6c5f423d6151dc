"""crm.plugins: the plugins of one CRM, from being read to being stopped."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from crmkit.domain.consent import ConsentPurpose
from crmkit.domain.consent.purposes import STANDING_PURPOSES
from crmkit.domain.custom import Field
from crmkit.domain.events import Event
from crmkit.errors import AuthFailed, Fault, Invalid, NotReady
from crmkit.plugins.deciding import TAKE_PART, Deciding
from crmkit.plugins.deprecating import Old, warn
from crmkit.plugins.dispatch import ITS_OWN, Dispatch
from crmkit.plugins.dispatching import dispatcher
from crmkit.plugins.endpoints import Endpoint
from crmkit.plugins.failures import Failures, for_operators, place_of
from crmkit.plugins.implementations import Implementation, Observer
from crmkit.plugins.jobs import Job
from crmkit.plugins.markers import Observed
from crmkit.plugins.observing import Observers
from crmkit.plugins.plugin import Plugin
from crmkit.plugins.states import Listed, PluginStatus, State
from crmkit.plugins.subscription import Subscription
from crmkit.plugins.values.channels import Channel
from crmkit.plugins.values.registering import CommandLine, HealthCheck
from crmkit.plugins.values.reporting import Failure

if TYPE_CHECKING:
    from crmkit.plugins.discovery import Offer
    from crmkit.plugins.settings.config import PluginsConfig

#: How long `start` waits after a plugin was not ready, doubled each time up to the longest.
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=5), timedelta(minutes=10)


class Plugins:
    """
    The plugins a CRM was opened with: their states, and what they bring.

    >>> from crmkit import CRM
    >>> CRM.open("memory://").plugins.status()
    ()
    """

    def __init__(self, given: Given = ()) -> None:
        self._listed: list[Listed] = []
        implemented: Mapping[str, Sequence[Implementation]] = {}
        if not isinstance(given, (tuple, list)) or given:  # without plugins nobody waits for pluggy to load
            from crmkit.plugins.listing import listed
            from crmkit.plugins.registry import Registry

            book = Registry()
            self._listed = listed(given, book.specs)
            for one in self._working():
                assert one.plugin is not None
                book.accept(one.plugin, one.name, one.findings.implementations)
            implemented = book.close()
        #: Who is not to be started here, and what stands around starting one; both before `start`.
        self.left_out: frozenset[str] = frozenset()
        self.starting: Callable[[str], AbstractContextManager[object]] = nullcontext
        self.failures = Failures()
        trace = _to_stderr if os.environ.get("CRMKIT_TRACE_HOOKS") == "1" else None
        self.dispatch = Dispatch(implemented, self.failures, trace)
        self.failures.tell = self._tell_failure if "crm_on_plugin_error" in self.dispatch else None
        self._refuse_the_required()
        self.fields: tuple[Field[Any], ...] = tuple(self._brought("crm_register_fields", Field))
        #: Each channel with whose it is.
        self.brought_channels: Sequence[tuple[str, Channel]] = self._with_plugin("crm_register_channels", Channel)
        self.channels: Mapping[str, Channel] = self._channels()
        self.purposes = self._purposes()
        self._endpoints = self._endpoint_table()
        self._jobs = self._with_plugin("crm_register_jobs", Job)
        self._refuse_twice("job", [(plugin, job.name) for plugin, job in self._jobs])
        self._migrations = self._with_plugin("crm_register_migrations", Path)
        self._commands = self._with_plugin("crm_register_commands", CommandLine)
        for kind in self._brought("crm_register_event_types", type):
            self._check_event(kind)
        self.observers = Observers(self._all_observers(), self.failures, trace)
        self.slots = Deciding(self.dispatch) if trace or any(hook in self.dispatch for hook in TAKE_PART) else None

    def status(self, *, everything: bool = False) -> tuple[PluginStatus, ...]:
        """How each listed plugin is doing, in the order of the list; with *everything* those installed too."""
        told = [self._status(one, place) for place, one in enumerate(self._listed, 1)]
        known = {one.name for one in self._listed}
        for name, offers in _installed().items() if everything else ():
            if name not in known:
                offer = offers[0]
                state: State = "available" if offer.api == "v1" else "incompatible"
                told.append(PluginStatus(name, state, None, offer.version, offer.distribution, offer.api))
        return tuple(told)

    def __iter__(self) -> Iterator[Plugin[Any]]:
        return iter([one.plugin for one in self._listed if one.plugin is not None])

    def __len__(self) -> int:
        return len(self._listed)

    def __repr__(self) -> str:
        return f"<plugins {', '.join(f'{one.name} {one.state}' for one in self._listed) or 'none'}>"

    def listed(self) -> Sequence[Listed]:
        """Every listed plugin as it stands."""
        return self._listed

    def health_checks(self) -> list[tuple[str, HealthCheck]]:
        """The checks that plugins bring, each with its plugin."""
        found, _ = self.dispatch.collect("crm_register_health_checks")
        return [(plugin, check) for plugin, check in found if isinstance(check, HealthCheck)]

    def endpoints(self) -> Mapping[tuple[str, str], Endpoint]:
        """What the plugins that run answer over HTTP, by plugin and name; `crmkit.http` serves it."""
        running = self.running()
        return {key: one for key, one in self._endpoints.items() if key[0] in running}

    def commands(self) -> list[tuple[str, CommandLine]]:
        """The commands that plugins bring, each with its plugin."""
        return self._commands

    def jobs(self) -> list[tuple[str, Job]]:
        """What plugins do by the clock, each with its plugin."""
        return self._jobs

    def migrations(self) -> list[tuple[str, Path]]:
        """The folders of revisions that plugins bring, each with its plugin."""
        return self._migrations

    def set_back(self, plugin: str, fault: Fault) -> None:
        """Have a plugin not start, for a reason that only the storage knows."""
        for one in self._listed:
            if one.name == plugin:
                one.state, one.faults = "misconfigured", (*one.faults, fault)

    def filtered(self, payload: Mapping[str, Any], destination: str) -> Mapping[str, Any]:
        """What may leave the house of *payload*; `PluginFailure` if a filter fails: then nothing may."""
        return self.dispatch.filter(
            "crm_filter_payload", "payload", payload, lambda _, new: isinstance(new, Mapping), closed=True,
            destination=destination,
        )  # fmt: skip

    def start(self, doors: Callable[[str], Any], now: datetime) -> None:
        """
        Start every plugin in the order of the list; one that cannot harms no other, unless it is required.

        Those left out stay as they are; what they decide is decided all the same.
        """
        for one in self._working():
            if one.name not in self.left_out:
                self._start(one, doors, now)
        self._refuse_the_required()

    def retry(self, doors: Callable[[str], Any], now: datetime) -> int:
        """Start those again that were not ready and whose time has come; say how many run now."""
        due = [one for one in self._listed if one.state == "not_ready" and one.retry_at and one.retry_at <= now]
        for one in due:
            self._start(one, doors, now)
        return sum(one.state == "running" for one in due)

    def running(self) -> frozenset[str]:
        """The names of those that run."""
        return frozenset(one.name for one in self._listed if one.state == "running")

    def stop(self) -> None:
        """Stop every plugin in reverse order, each on its own; harmless twice."""
        for one in reversed(self._listed):
            if one.plugin is not None and one.started:
                one.started = False
                _stop(one, self.failures)

    def _tell_failure(self, failure: Failure) -> None:
        self.dispatch.tell("crm_on_plugin_error", failure=failure)

    def _start(self, one: Listed, doors: Callable[[str], Any], now: datetime) -> None:
        plugin = one.plugin
        assert plugin is not None
        plugin._crm = doors(one.name)  # noqa: SLF001  # what it is there for
        one.tries += 1
        try:
            one.started = True
            with self.starting(one.name):
                plugin.start()
        except AuthFailed as error:
            self._not_started(one, error)
            one.state, one.retry_at = "misconfigured", None
            one.faults = (Fault(f"plugins.{one.name}", "auth", "It was turned away: check its credentials.", one.name),)
        except ITS_OWN as error:
            self._not_started(one, error)
            wait = min(FIRST_RETRY * 2 ** min(one.tries - 1, 10), LONGEST_RETRY)
            if isinstance(error, NotReady) and error.retry_after is not None:
                wait = timedelta(seconds=error.retry_after)
            one.state, one.retry_at = "not_ready", now + wait
        else:
            one.state, one.retry_at, one.reason, one.tries = "running", None, "", 0

    def _not_started(self, one: Listed, error: BaseException) -> None:
        one.started = False
        _stop(one, self.failures)
        one.reason = f"{for_operators(error)} at {place_of(error)}"

    def _working(self) -> list[Listed]:
        return [one for one in self._listed if one.plugin is not None and not one.faults]

    def _refuse_the_required(self) -> None:
        """A required plugin that does not work stops the CRM from opening."""
        faults = list[Fault]()
        for one in self._listed:
            if one.required and one.state not in ("running", "stopped"):
                say = f"It is required, and {one.state.replace('_', ' ')} ({one.reason or 'see its faults'})."
                faults += one.faults or (Fault(f"plugins.{one.name}", one.state, say, one.name),)
        if faults:
            self.stop()
            raise Invalid(*faults)

    def _brought(self, hook: str, kind: type[Any]) -> list[Any]:
        return [item for _, item in self._with_plugin(hook, kind)]

    def _with_plugin(self, hook: str, kind: type[Any]) -> list[tuple[str, Any]]:
        """What plugins bring; whoever brings something else, or fails, is refused with the rest of the house."""
        found, whole = self.dispatch.collect(hook)
        wrong = [
            Fault(f"plugins.{plugin}.{hook}", "wrong_kind", f"It must bring {kind.__name__} only.", plugin)
            for plugin, item in found
            if not isinstance(item, kind)
        ]
        if not whole:
            bad = [one for one in self.failures.last.values() if one.hook == hook]
            wrong += [
                Fault(f"plugins.{one.plugin}.{hook}", "failed", f"It raised {one.error} at {one.place}.", one.plugin)
                for one in bad
            ]
        if wrong:
            raise Invalid(*wrong)
        return found

    def _endpoint_table(self) -> Mapping[tuple[str, str], Endpoint]:
        found = self._with_plugin("crm_register_endpoints", Endpoint)
        self._refuse_twice("endpoint", [(plugin, one.name) for plugin, one in found])
        return {(plugin, one.name): one for plugin, one in found}

    def _refuse_twice(self, what: str, names: Sequence[tuple[str, str]]) -> None:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            say = f"Two {what}s of this plugin have this name."
            raise Invalid(*[Fault(f"plugins.{plugin}.{name}", "twice", say, plugin) for plugin, name in twice])

    def _all_observers(self) -> list[Observer]:
        """The marked methods, then what plugins bring; the names that are delivered to are theirs alone."""
        known = [seen for one in self._working() for seen in one.findings.observers]
        names, faults = {seen.name for seen in known}, list[Fault]()
        for plugin, one in self._with_plugin("crm_register_observers", Subscription):
            name = f"{plugin}.{one.name}"
            faults += [Fault(f"plugins.{name}", "unknown_event", say, plugin) for say in one.strays()]
            if name in names:
                say = "Two observers of this plugin have this name."
                faults.append(Fault(f"plugins.{name}", "twice", say, plugin))
            names.add(name)
            said = Observed(one.heard, one.attempts, ordered=one.ordered)
            known.append(Observer(plugin, one.name, name, one.events(), said, True, one.handle, circuit=name))
            self._goes(plugin, one.old())
        if faults:
            raise Invalid(*faults)
        return [*known, *[dispatcher(plugin, one) for plugin, one in self.brought_channels]]

    def _goes(self, plugin: str, old: Sequence[Old]) -> None:
        """Warn of what goes, and keep it for the doctor."""
        for one in [one for one in self._listed if old and one.name == plugin]:
            one.findings.old.extend(old)
            warn(type(one.plugin), plugin, one.distribution, old)

    def _channels(self) -> Mapping[str, Channel]:
        known = dict[str, Channel]()
        for _, one in self.brought_channels:
            if known.setdefault(one.name, one) is not one:
                raise Invalid(
                    Fault("plugins", "twice", f"Two plugins bring a channel {one.name}. Take one off the list.")
                )
        return known

    def _purposes(self) -> Sequence[ConsentPurpose]:
        known = {one.key: one for one in STANDING_PURPOSES}
        for one in self._brought("crm_register_consent_purposes", ConsentPurpose):
            if known.setdefault(one.key, one) != one:
                raise Invalid(Fault("plugins", "twice", f"Two plugins bring a purpose {one.key}, or crmkit has it."))
        return [one for one in known.values() if one not in STANDING_PURPOSES]

    def _check_event(self, kind: type[Any]) -> None:
        name = kind.__name__
        if not issubclass(kind, Event):
            raise Invalid(Fault("plugins", "not_an_event", f"{name} is no event: subclass crmkit.events.Event."))
        if kind.topic.startswith("."):  # crmkit's nouns are not a plugin's
            say = f'{name} names no topic: write topic: ClassVar[str] = "<plugin>{kind.topic}" in its body.'
            raise Invalid(Fault("plugins", "no_topic", say))

    def _status(self, one: Listed, place: int) -> PluginStatus:
        last = self.failures.last.get(one.name)
        return PluginStatus(
            one.name,
            one.state,
            place,
            one.version,
            one.distribution,
            one.api,
            hooks=tuple(found.hook for found in one.findings.implementations),
            subscribers=tuple(
                seen.name for seen in self.observers.all if seen.plugin == one.name and seen.said.durable
            ),
            failures=self.failures.counts[one.name],
            last_failure=None if last is None else f"{last.hook}: {last.error} at {last.place}",
            faults=one.faults,
            reason=one.reason,
            retry_at=one.retry_at,
            notes=tuple(one.findings.notes),
        )


def _stop(one: Listed, failures: Failures) -> None:
    plugin = one.plugin
    assert plugin is not None
    waiting = [*reversed(plugin._on_stop), plugin.stop]  # noqa: SLF001
    plugin._on_stop = []  # noqa: SLF001
    for fn in waiting:
        try:
            fn()
        except ITS_OWN as error:  # each on its own is the point
            failures.note(Implementation(one.name, "stop", "stop", fn), error)
    plugin._crm = None  # noqa: SLF001
    if one.state == "running":
        one.state = "stopped"


def _installed() -> Mapping[str, Sequence[Offer]]:
    from crmkit.plugins.discovery import installed

    return installed()


def _to_stderr(step: str) -> None:
    sys.stderr.write(f"crmkit: {step}\n")


#: Plugins made already, or the names of installed ones with their settings, in the order they are called in.
Given: TypeAlias = "Iterable[Plugin[Any]] | Mapping[str, Mapping[str, object]] | PluginsConfig"
#: What `CRM.open(plugins=…)` takes.
PluginsGiven: TypeAlias = "Given | Plugins"
