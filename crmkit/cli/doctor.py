"""`crmkit plugins doctor`: what is wrong with plugins, and what to do about it."""

from __future__ import annotations

import json
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path

import attrs
import click

from crmkit.cli.opening import config_at, opened, plugins_option
from crmkit.errors import Fault, Invalid
from crmkit.plugins import Plugins, PluginsConfig, RemovedInCrmkit2Warning
from crmkit.plugins.doctor import Finding, Subject, examine


@click.command()
@click.argument("name", required=False)
@click.option(
    "--store", "url", help="The URL of a store: plugins are started there, their tables and deliveries looked at."
)
@plugins_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(name: str | None, url: str | None, file: Path | None, as_json: bool) -> None:
    """Say what is wrong with the listed plugins, or with NAME only. Exit code 1 if anything is."""
    config = config_at(file)
    if name is not None and name not in config.enabled:
        known = ", ".join(config.enabled) or "none"
        raise Invalid(Fault("name", "not_listed", f"No listed plugin is called {name}. There are: {known}."))
    found = _found(config, url, name)
    if as_json:
        click.echo(json.dumps([attrs.asdict(one) for one in found], indent=2))
    else:
        for one in found:
            click.echo(f"{one.code} {one.plugin}: {one.message}")
        if not found:
            click.echo("All is well.")
    if found:
        sys.exit(1)


def _found(config: PluginsConfig, url: str | None, name: str | None) -> tuple[Finding, ...]:
    lenient = attrs.evolve(config, required=frozenset())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RemovedInCrmkit2Warning)  # it is a finding, with a code
        if url is None:
            return examine(Subject(Plugins(lenient), config), name)
        with opened(url, lenient) as crm:
            return examine(Subject(crm.plugins, config, crm.relay.outbox.lag(), datetime.now(UTC)), name)
