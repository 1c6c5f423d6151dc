"""P14: what plugins' own health checks say, and which did not start."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit.plugins.dispatch import ITS_OWN
from crmkit.plugins.doctor.finding import Finding
from crmkit.plugins.failures import place_of
from crmkit.plugins.host import Plugins


def of_health(plugins: Plugins) -> Iterator[Finding]:
    """
    Each check on its own; one that raises is told by type and place.

    P14: Do what the check says, or look whether what the plugin talks to answers and takes its credentials. One that
    did not start is tried again by itself. Without a store no plugin is started.
    """
    for status in plugins.status():
        if status.state == "not_ready":
            yield Finding("P14", status.name, f"It did not start: {status.reason}. It is tried again.")
    for plugin, check in plugins.health_checks():
        try:
            said = check.run()
        except ITS_OWN as error:
            said = f"it raised {type(error).__name__} at {place_of(error)}"
        if said is not None:
            yield Finding("P14", plugin, f"{check.name}: {said}")
