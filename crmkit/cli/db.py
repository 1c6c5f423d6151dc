"""`crmkit db`: look after a store's schema."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from crmkit import CRM
from crmkit.storage.sql import SQLStorage, check as problems_of


@click.group()
def db() -> None:
    """Look after a store's schema."""


@db.command()
@click.argument("url")
def upgrade(url: str) -> None:
    """Bring the store at URL (sqlite:///shop.db) up to date. Back it up first; others may go on writing meanwhile."""
    with _shown("Filling") as progress:
        storage = SQLStorage(url, migrate="upgrade", progress=progress)
    click.echo(f"{_named(storage)} is at revision {storage.revision()}.")
    storage.close()


@db.command()
@click.argument("url")
def current(url: str) -> None:
    """Say at which revision the store at URL is; touch nothing."""
    storage = SQLStorage(url, migrate="never")
    click.echo(f"{_named(storage)} is at revision {storage.revision()}.")
    storage.close()


@db.command()
@click.argument("url")
@click.option("--quick", is_flag=True, help="Look at the schema and the file only, not at what is kept of each client.")
def check(url: str, quick: bool) -> None:
    """Say what is wrong with the store at URL; mend nothing. Exit code 1 if anything is."""
    if problems := problems_of(url):
        sys.exit("\n".join(problems))
    if not quick:
        with CRM.open(url, migrate="never") as crm, _shown("Comparing") as progress:
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
    with CRM.open(url, migrate="never") as crm, _shown("Recomputing") as progress:
        rebuilt = crm.rebuild(progress=progress)
    click.echo(f"{rebuilt.clients} clients looked at, {rebuilt.mended} mended.")


def _named(storage: SQLStorage) -> str:
    """The store's URL without its password, which may stand among the options too."""
    return storage.engine.url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def _shown(what: str) -> Generator[Callable[[int, int], None]]:
    """A bar on stderr, which appears with the first step and only on a terminal."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn("clients"), TimeRemainingColumn(),
        console=console, transient=True,
    )  # fmt: skip
    task = bar.add_task(what, total=None, start=False)

    def told(done: int, total: int) -> None:
        if not console.is_terminal:
            return
        if not bar.live.is_started:
            bar.start()
            bar.start_task(task)
        bar.update(task, completed=done, total=total)

    try:
        yield told
    finally:
        if bar.live.is_started:
            bar.stop()
