"""Whoever watches the house hears that a plugin failed."""

from crmkit.plugins import Failure, Plugin, hookimpl


class Watch(Plugin[None]):
    """Counts failures for an alarm; a failure has names and places, and nobody's data."""

    def __init__(self) -> None:
        super().__init__()
        self.alarms = list[str]()

    @hookimpl
    def crm_on_plugin_error(self, failure: Failure) -> None:
        """Raise the alarm."""
        self.alarms.append(f"{failure.plugin}: {failure.error} in {failure.hook}")
