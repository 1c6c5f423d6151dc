"""`crmkit <plugin> <command>`: the commands that listed plugins bring, each imported when it is called."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import click

from crmkit.cli.opening import config_at
from crmkit.plugins import CommandLine, Plugins
from crmkit.plugins.discovery import installed


def commands_of(plugin: str) -> click.Group | None:
    """
    The commands of a plugin on the host's list; None if it is not there, or brings none. Others are not made.

    One whose settings are still wrong shows those that need none: they may print what it lacks.
    """
    file = os.environ.get("CRMKIT_PLUGINS")
    config = config_at(Path(file) if file else None)
    if plugin not in config.enabled:
        return None
    plugins = Plugins(attrs.evolve(config, enabled=(plugin,), required=frozenset()))
    brought = {one.name: one for _, one in plugins.commands()} or _without_settings(plugin)
    if not brought:
        (status,) = plugins.status()
        why = f" It is {status.state}: see crmkit plugins doctor {plugin}." if status.faults else ""
        message = f"The plugin {plugin} brings no commands.{why}"
        raise click.UsageError(message)
    return _Own(plugin, brought)


def _without_settings(plugin: str) -> Mapping[str, CommandLine]:
    """What an installed plugin brings that was given no settings; nothing if it cannot say so without."""
    for offer in installed().get(plugin, ())[:1]:
        try:
            kind: Any = offer.load()
            found = list(kind.crm_register_commands(kind.__new__(kind)))
        except (Exception, SystemExit):  # noqa: BLE001  # the doctor says why
            return {}
        return {one.name: one for one in found if isinstance(one, CommandLine)}
    return {}


class _Own(click.Group):
    """One plugin's; its help needs none of them imported."""

    def __init__(self, plugin: str, brought: Mapping[str, CommandLine]) -> None:
        super().__init__(plugin, help=f"What the plugin {plugin} brings.")
        self._brought = brought

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click sets the signature
        """Their names."""
        return sorted(self._brought)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Their names, each with its line of help."""
        rows = [(name, self._brought[name].help) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The one that is called; what is wrong with it is one sentence."""
        if (known := self._brought.get(cmd_name)) is None:
            return None
        module, _, name = known.target.partition(":")
        try:
            found: object = getattr(import_module(module), name)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # another's module may raise anything
            message = f"{known.target} of the plugin {self.name} cannot be imported ({type(error).__name__})."
            raise click.ClickException(message) from None
        if not isinstance(found, click.Command):
            message = f"{known.target} of the plugin {self.name} is no click command."
            raise click.ClickException(message)
        return found
