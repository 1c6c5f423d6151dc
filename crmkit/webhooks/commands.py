"""`crmkit webhooks …`: post past events again, make a secret."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click

from crmkit import CRM
from crmkit.ids import EventId
from crmkit.plugins import load, new_secret


@click.command()
@click.argument("url")
@click.argument("target")
@click.option("--since", metavar="INSTANT", help="Events since then: 2026-11-24, or 2026-11-24T12:30+01:00; else UTC.")
@click.option("--id", "ids", multiple=True, help="One event; may be given several times.")
@click.option(
    "--plugins", "file", type=click.Path(path_type=Path, dir_okay=False), envvar="CRMKIT_PLUGINS", default="crmkit.toml",
    show_default=True, help="The TOML file that lists the plugins.",
)  # fmt: skip
def resend(url: str, target: str, since: str | None, ids: tuple[str, ...], file: Path) -> None:
    """
    Post past events of the store at URL to TARGET again, or for the first time.

    Each has the webhook-id of its first time, so that a receiver that has it does nothing twice. They are posted by
    whatever tells events here: the host's program, or `crmkit relay`.
    """
    if since is None and not ids:
        raise click.UsageError("Give --since or --id.")
    instant = None if since is None else _instant(since)
    wanted = [_event(one) for one in ids]
    with CRM.open(url, plugins=load(file), delivery="external", migrate="never") as crm:
        count = crm.relay.resend(f"webhooks.{target}", since=instant, ids=wanted)
    click.echo(f"{count} will be posted to {target}.")


@click.command()
def secret() -> None:
    """Print a new secret: for webhooks.targets here, and for the receiver. It is kept nowhere."""
    click.echo(new_secret())


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("Write it as 2026-11-24 or 2026-11-24T12:30+01:00.", param_hint="--since") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _event(text: str) -> EventId:
    try:
        return EventId(UUID(text))
    except ValueError:
        raise click.BadParameter("Write an event's id, as data.id of a post has it.", param_hint="--id") from None
