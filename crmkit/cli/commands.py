"""`crmkit` and its commands, each loaded when it is called."""

from __future__ import annotations

from importlib import import_module

import click

_LAZY = {
    "audit": "crmkit.cli.audit:audit",
    "db": "crmkit.cli.db:db",
    "demo": "crmkit.demo.command:demo",
    "import": "crmkit.cli.importing:import_",
    "new-plugin": "crmkit.cli.new_plugin:new_plugin",
    "outbox": "crmkit.cli.outbox:outbox",
    "plugins": "crmkit.cli.plugins:plugins",
    "relay": "crmkit.cli.relay:relay",
    "worker": "crmkit.cli.relay:worker",
}


class LazyGroup(click.Group):
    """A group that imports a command when somebody wants it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click sets the signature
        """Their names, without importing any."""
        return sorted(_LAZY)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """One of them, or what a listed plugin of this name brings; None if there is no such command."""
        if cmd_name not in _LAZY:
            from crmkit.cli.own import commands_of

            return commands_of(cmd_name)
        module, _, name = _LAZY[cmd_name].partition(":")
        found = getattr(import_module(module), name)
        if not isinstance(found, click.Command):
            message = f"{_LAZY[cmd_name]} is no command."
            raise TypeError(message)
        return found


@click.group(cls=LazyGroup)
@click.version_option(package_name="crmkit", prog_name="crmkit")
def crmkit() -> None:
    """A CRM you embed."""
