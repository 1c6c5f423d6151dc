"""One plugin under test, in as many CRMs as a check needs, each with a world of its own outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmkit.crm.doors import CRM
from crmkit.plugins.host import Plugins
from crmkit.plugins.plugin import Plugin
from crmkit.plugins.values.channels import Channel, Receipt
from crmkit.plugins.values.permit import Permit
from crmkit.testing.kit.channel_sink import ChannelSink
from crmkit.testing.kit.http_sink import HTTPSink
from crmkit.testing.kit.workshop import Workshop, plugin_of
from crmkit.testing.plugin_suite.day import CHANNELS, PERSONAL

Scenario = Callable[[CRM], None]
Outcome = Mapping[str, Any]


@attrs.frozen
class Trial:
    """Whom it is about, and what its day looks like."""

    kind: type[Plugin[Any]]
    settings: Mapping[str, Any] = attrs.field(repr=False)
    env: Mapping[str, str] = attrs.field(repr=False)
    scenario: Scenario
    readme: Path | None

    def plugin(self) -> Plugin[Any]:
        """Make it anew."""
        return plugin_of(self.kind, self.settings, self.env)

    @contextmanager
    def opened(
        self, *, before: Sequence[Plugin[Any]] = (), after: Sequence[Plugin[Any]] = (), **options: Any
    ) -> Generator[Run]:
        """A CRM with the plugin, neighbours before and after it, and channels for whatever it does not bring itself."""
        with pytest.MonkeyPatch.context() as patch:
            outside, channels, workshop = HTTPSink(), ChannelSink(), Workshop()
            outside.install(patch.setattr)
            plugin = self.plugin()
            own = Plugins([plugin]).channels
            brought = [channels.plugin(name) for name in CHANNELS if name not in own]
            crm = workshop.make(*before, plugin, *after, *brought, **options)
            try:
                yield Run(self, crm, plugin, workshop, outside, channels)
            finally:
                workshop.close()


@attrs.frozen
class Run:
    """One CRM with the plugin in it."""

    trial: Trial
    crm: CRM
    plugin: Plugin[Any]
    workshop: Workshop
    outside: HTTPSink
    channels: ChannelSink

    def day(self) -> None:
        """Let the day pass, and the next with its jobs; nothing told yet unless the CRM tells by itself."""
        has_jobs = any(name == self.plugin.name for name, _ in self.crm.plugins.jobs())
        if has_jobs:
            self.crm.run_due()  # a job that is due at an hour has to be seen before it
        self.trial.scenario(self.crm)
        if has_jobs:
            self.workshop.clock.go_on(days=1)
            self.crm.run_due()

    def subscribers(self) -> list[str]:
        """The durable observers of the plugin."""
        mine = f"{self.plugin.name}."
        return [name for name in self.crm.relay.subscribers if name.startswith(mine)]

    def contacts(self) -> int:
        """How often a person was written to: messages, and requests that carry a person's address."""
        carrying = [one for one in self.outside.requests if any(data.encode() in one.body for data in PERSONAL)]
        return len(self.channels.keys) + len(carrying)

    def watch_own_channels(self) -> None:
        """Send what the plugin's own channels would send to the sink."""
        plugins, sink = self.crm.plugins, self.channels
        plugins.channels = {
            name: Channel(name, one.reaches, sink.send, "retry") for name, one in plugins.channels.items()
        }

    def own_channels(self) -> list[Channel]:
        """The channels that the plugin brings."""
        return [one for plugin, one in self.crm.plugins.brought_channels if plugin == self.plugin.name]

    def strays(self) -> list[str]:
        """From now on, the names of its channels' methods that are called with something else than a permit."""
        strays = list[str]()
        for channel in self.own_channels():
            name = getattr(channel.send, "__name__", "")
            if getattr(self.plugin, name, None) == channel.send:
                setattr(self.plugin, name, _watched(channel.send, name, strays))
        return strays

    def outcome(self) -> Outcome:
        """What came of it: events, requests that had an effect, messages, and what stands in the records."""
        with self.crm.read() as tx:
            return {
                "events": Counter(self.workshop.events.topics()),
                "requests": Counter((one.method, one.url) for one in self.outside.effects()),
                "messages": Counter(one.text for one in self.channels.messages),
                "notes": sorted(one.text for one in tx.notes.stream()),
                "tasks": sorted((one.title, one.status) for one in tx.tasks.stream()),
                "deals": sorted((one.title, one.stage, one.status, one.owner or "") for one in tx.deals.stream()),
                "tags": sorted(sorted(one.tags) for one in tx.clients.stream()),
                "rows": self._own_rows(),
            }

    def _own_rows(self) -> Mapping[str, int]:
        """How many rows its own tables have; on a storage without SQL it has none."""
        if not self.crm.plugins.migrations():
            return {}
        from crmkit.storage.sql import SQLStorage
        from crmkit.storage.sql.own_tables import prefix_of

        storage = self.crm._shared.storage  # noqa: SLF001  # nobody else may look into its tables
        if not isinstance(storage, SQLStorage):
            return {}
        with storage.engine.connect() as connection:
            tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
            own = [name for name in tables if name.startswith(prefix_of(self.plugin.name))]
            counts = {name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one() for name in own}  # noqa: S608
        return {name: count for name, count in counts.items() if count}


def _watched(send: Callable[..., Receipt], name: str, strays: list[str]) -> Callable[..., Receipt]:
    def watched(permit: object, key: str) -> Receipt:
        if not isinstance(permit, Permit):
            strays.append(name)
        return send(permit, key)

    return watched
