"""An operator sends again what failed."""

from collections.abc import Iterable

from crmkit.plugins import CommandLine, Plugin, hookimpl


class Resender(Plugin[None]):
    """Brings a command; its module is imported when somebody calls it."""

    @hookimpl
    def crm_register_commands(self) -> Iterable[CommandLine]:
        """Bring the command."""
        return [CommandLine("resend", "Send again what failed.", "crmkit_resender.commands:resend")]
