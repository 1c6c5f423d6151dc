"""`crmkit db`: look after a store's schema."""

from __future__ import annotations

import click

from crmkit import CRM


@click.group()
def db() -> None:
    """Look after a store's schema."""


@db.command()
@click.argument("url")
def upgrade(url: str) -> None:
    """Bring the store at URL (sqlite:///shop.db) up to date. Back it up first."""
    with CRM.open(url, migrate="upgrade") as crm:
        click.echo(f"{url} is at revision {crm.health().revision}.")


@db.command()
@click.argument("url")
def current(url: str) -> None:
    """Say at which revision the store at URL is; touch nothing."""
    with CRM.open(url, migrate="never") as crm:
        click.echo(f"{url} is at revision {crm.health().revision}.")
