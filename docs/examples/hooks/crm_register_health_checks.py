"""The doctor asks whether a mail server answers."""

from collections.abc import Iterable

from crmkit.plugins import HealthCheck, Plugin, hookimpl


class Mail(Plugin[None]):
    """Brings a check; None says that all is well."""

    connected = False

    @hookimpl
    def crm_register_health_checks(self) -> Iterable[HealthCheck]:
        """Bring the check; it is run when somebody asks, not now."""
        return [HealthCheck("smtp", self.check)]

    def check(self) -> str | None:
        """Say what is wrong, in a sentence without personal data."""
        return None if self.connected else "The mail server does not answer. Check its address."
