"""`crmkit db`: look after a store's schema."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from crmkit import CRM
from crmkit.cli.opening import config_at, plugins_option
from crmkit.cli.own_tables import Told, standing, uninstalled, upgraded
from crmkit.cli.progress import shown
from crmkit.storage.sql import SQLStorage, check as problems_of, lower_wall, raise_wall, wall_is_up


@click.group()
def db() -> None:
    """Look after a store's schema."""


@db.command()
@click.argument("url")
@plugins_option
def upgrade(url: str, file: Path | None) -> None:
    """
    Bring the store at URL (sqlite:///shop.db) up to date, and the tables of the listed plugins.

    Back it up first; others may go on writing meanwhile. Exit code 1 if a plugin's tables are left behind.
    """
    config = config_at(file)
    with shown("Filling") as progress:
        storage = SQLStorage(url, migrate="upgrade", progress=progress, proven=False)
    with closing(storage):
        click.echo(f"{_named(storage)} is at revision {storage.revision()}.")
        well = [_said(told) for told in upgraded(storage, config)]
    if not all(well):
        sys.exit(1)


@db.command()
@click.argument("url")
@plugins_option
def current(url: str, file: Path | None) -> None:
    """Say at which revision the store at URL is, and the tables of the listed plugins; touch nothing."""
    config = config_at(file)
    with closing(SQLStorage(url, migrate="never", proven=False)) as storage:
        click.echo(f"{_named(storage)} is at revision {storage.revision()}.")
        for told in standing(storage, config):
            click.echo(told.sentence)


@db.command()
@click.argument("url")
@click.argument("plugin")
@plugins_option
@click.confirmation_option(prompt="This drops the plugin's own tables with all that is in them. Go on?")
def uninstall(url: str, plugin: str, file: Path | None) -> None:
    """Drop the own tables of the installed PLUGIN, which is on the list no more, from the store at URL."""
    config = config_at(file)
    with closing(SQLStorage(url, migrate="never", proven=False)) as storage:
        click.echo(uninstalled(storage, config, plugin))


@db.command()
@click.argument("url")
@plugins_option
@click.option("--quick", is_flag=True, help="Look at the schema and the file only, not at what is kept of each client.")
def check(url: str, file: Path | None, quick: bool) -> None:
    """Say what is wrong with the store at URL and the tables of plugins; mend nothing. Exit code 1 if anything is."""
    config = config_at(file)
    if problems := problems_of(url):
        sys.exit("\n".join(problems))
    with closing(SQLStorage(url, migrate="never", proven=False)) as storage:
        if pending := [told.sentence for told in standing(storage, config) if not told.well]:
            sys.exit("\n".join(pending))
    if not quick:
        with CRM(SQLStorage(url, migrate="never", proven=False)) as crm, shown("Comparing") as progress:
            found = crm.rebuild(dry_run=True, progress=progress)
        if found.mended:
            sys.exit(
                f"Of {found.clients} clients, search, months or kept instants are wrong {found.mended} times. "
                "Run `crmkit db rebuild`."
            )
    click.echo("All is well.")


@db.command()
@click.argument("url")
def rebuild(url: str) -> None:
    """Recompute whatever crmkit keeps beside the records of the store at URL; others may go on writing meanwhile."""
    with CRM(SQLStorage(url, migrate="never", proven=False)) as crm, shown("Recomputing") as progress:
        rebuilt = crm.rebuild(progress=progress)
    click.echo(f"{rebuilt.clients} clients looked at, {rebuilt.mended} mended.")


@db.command()
@click.argument("url")
@click.option("--raise", "way", flag_value="raise", help="Raise it, or raise it anew.")
@click.option("--lower", "way", flag_value="lower", help="Take it away.")
def wall(url: str, way: str | None) -> None:
    """
    Say whether the second wall of the store at URL is up, row-level security of PostgreSQL's; or raise or lower it.

    Whoever is connected must connect anew after it was raised. Exit code 1 if it is up and has gaps.
    """
    with closing(SQLStorage(url, migrate="never", proven=False)) as storage:
        if way == "raise":
            raise_wall(storage)
        elif way == "lower":
            lower_wall(storage)
        is_up = wall_is_up(storage)
        click.echo(f"The wall of {_named(storage)} is {'up' if is_up else 'down'}.")
    if is_up and (problems := problems_of(url)):
        sys.exit("\n".join(problems))


def _said(told: Told) -> bool:
    """Say it where it belongs, and whether it is well."""
    click.echo(told.sentence, err=not told.well)
    return told.well


def _named(storage: SQLStorage) -> str:
    """The store's URL without its password, which may stand among the options too."""
    return storage.engine.url.set(query={}).render_as_string(hide_password=True)
