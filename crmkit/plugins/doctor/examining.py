"""Every question the doctor has, in the order of the codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import attrs

from crmkit.plugins.delivery.outbox import Lag
from crmkit.plugins.doctor.finding import Finding
from crmkit.plugins.doctor.going import of_going
from crmkit.plugins.doctor.health import of_health
from crmkit.plugins.doctor.importing import of_import
from crmkit.plugins.doctor.lagging import of_deliveries
from crmkit.plugins.doctor.making import of_faults
from crmkit.plugins.doctor.order import of_filters
from crmkit.plugins.host import Plugins
from crmkit.plugins.settings import PluginsConfig


@attrs.frozen
class Subject:
    """
    What is looked at: the plugins, what the host says of them, and with a store what was not delivered, and when.

    >>> examine(Subject(Plugins(), PluginsConfig()))
    ()
    """

    plugins: Plugins
    config: PluginsConfig
    lag: Mapping[str, Lag] | None = None
    now: datetime | None = None


def examine(subject: Subject, name: str | None = None) -> tuple[Finding, ...]:
    """Ask everything, of one plugin or of all; questions about tables, deliveries and starting need a store."""
    found = sorted((one for ask in _QUESTIONS for one in ask(subject)), key=lambda one: one.code)
    return tuple(one for one in found if name is None or one.plugin == name)


def _deliveries(subject: Subject) -> Iterator[Finding]:
    if subject.lag is not None and subject.now is not None:
        yield from of_deliveries(subject.plugins, subject.lag, subject.now)


_QUESTIONS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    lambda subject: of_faults(subject.plugins),
    lambda subject: of_going(subject.plugins),
    _deliveries,
    lambda subject: of_import(subject.config),
    lambda subject: of_filters(subject.plugins),
    lambda subject: of_health(subject.plugins),
)
