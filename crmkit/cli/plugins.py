"""`crmkit plugins`: which plugins there are, how they are doing, and what they can be told."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard

import attrs
import click
from rich.table import Table

from crmkit.cli.doctor import doctor
from crmkit.cli.opening import config_at, opened, plugins_option
from crmkit.cli.tables import wide, with_columns
from crmkit.errors import Fault, Invalid
from crmkit.plugins import Plugin, Plugins, PluginStatus
from crmkit.plugins.delivery.outbox import counted
from crmkit.plugins.discovery import Offer, installed
from crmkit.plugins.registry import declared, generated
from crmkit.plugins.settings import example, reference


class _OrList(click.Group):
    """Lists when nothing else is asked: `crmkit plugins [URL]`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is no command of ours is meant for the list."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


_IN_A_MODULE = re.compile(r"[\w.]+:[\w.]+").fullmatch


@click.group(cls=_OrList)
def plugins() -> None:
    """Show the plugins; with the URL of a store, also how they start there and what waits for them."""


plugins.add_command(doctor)


@plugins.command("list")
@click.argument("url", required=False)
@plugins_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--all", "everything", is_flag=True, help="Installed plugins that are not listed, too.")
def list_(url: str | None, file: Path | None, as_json: bool, everything: bool) -> None:
    """The plugins in the order they are called in. Without URL none of them is started."""
    config = config_at(file)
    if url is None:
        found = Plugins(config).status(everything=everything)
    else:
        with opened(url, config) as crm:
            found = counted(crm.plugins.status(everything=everything), crm.relay.outbox.lag())
    if as_json:
        click.echo(json.dumps([attrs.asdict(one) for one in found], indent=2, default=str))
    elif not found:
        click.echo("No plugin is listed. Name some under [plugins] enabled = […], or see those installed with --all.")
    else:
        wide().print(_table(found))
        for one in found:
            if note := _note(one):
                click.echo(f"\n{one.name}: {note}")


@plugins.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def hooks(as_json: bool) -> None:
    """Every hook: how answers become one, when it is called, and what a failure does."""
    specs = [*declared().values(), *generated().values()]
    if as_json:
        fields = ("name", "kind", "phase", "fail", "since", "arguments")
        click.echo(json.dumps([{field: getattr(one, field) for field in fields} for one in specs], indent=2))
        return
    table = with_columns("hook", "kind", "phase", "on failure", "arguments")
    for one in specs:
        table.add_row(one.name, one.kind, one.phase, one.fail, ", ".join(one.arguments))
    wide().print(table)


@plugins.command()
@click.argument("name")
def settings(name: str) -> None:
    """What the plugin NAME can be told: a table, and a section to paste into the file. Not installed: MODULE:CLASS."""
    found = _plugin_called(name)
    if found.settings_class is None:
        click.echo("This plugin has no settings.")
        return
    click.echo(reference(found.settings_class))
    click.echo(example(found.settings_class, found.name), nl=False)


def _plugin_called(name: str) -> type[Plugin[Any]]:
    offers: Sequence[Offer] = installed().get(name, ())
    if _IN_A_MODULE(name):
        sys.path.insert(0, "")  # where whoever writes one is
        offers = (Offer.at(name),)
    if not offers:
        known = ", ".join(installed()) or "none"
        raise Invalid(
            Fault(
                "name",
                "not_installed",
                f"No installed plugin is called {name}. There are: {known}. For another say module:Class.",
            )
        )
    try:
        found = offers[0].load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # another's module may raise anything
        say = f"It cannot be imported ({type(error).__name__}). Try: python -c 'import {offers[0].entry.module}'."
        raise Invalid(Fault(name, "import", say, name)) from None
    if not _is_plugin(found):
        raise Invalid(Fault(name, "no_plugin", "Its entry point names no subclass of crmkit Plugin.", name))
    return found


def _is_plugin(found: object) -> TypeGuard[type[Plugin[Any]]]:
    return isinstance(found, type) and issubclass(found, Plugin)


def _table(found: Sequence[PluginStatus]) -> Table:
    table = with_columns("#", "plugin", "state", "version", "api", "hooks", "subscribers (waiting/dead)")
    for one in found:
        works = one.state in ("running", "stopped", "not_ready")
        table.add_row(
            "-" if one.place is None else str(one.place), one.name, one.state, one.version or "-", one.api,
            str(len(one.hooks)) if works else "-",
            f"{len(one.subscribers)} ({one.waiting}/{one.dead})" if works else "-",
        )  # fmt: skip
    return table


def _note(one: PluginStatus) -> str:
    for first in one.faults[:1]:
        more = f" (1 of {len(one.faults)})" if len(one.faults) > 1 else ""
        return f"{first.message}{more} crmkit plugins doctor {one.name} tells all."
    if one.state == "available":
        return "installed, not in plugins.enabled"
    if one.state == "incompatible":
        return f"made for the plugin API {one.api}"
    return one.reason or "; ".join(one.notes)
