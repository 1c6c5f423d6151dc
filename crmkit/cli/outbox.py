"""`crmkit outbox`: what plugins are still to be told, and what they could not be told."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

from crmkit import CRM
from crmkit.cli.tables import wide, with_columns
from crmkit.plugins.delivery.outbox import Outbox, delivery_id
from crmkit.ports import Delivery, DeliveryState

#: What is shown of a delivery: ids, topics and places, never what an event holds.
_SHOWN = ("id", "state", "subscriber", "topic", "subject", "attempts", "due_at", "error")
_STATES: tuple[DeliveryState, ...] = ("waiting", "dead")


@click.group()
def outbox() -> None:
    """Look after what plugins are still to be told."""


@outbox.command("list")
@click.argument("url")
@click.option("--subscriber", help="Of one subscriber only, such as slack.announce.")
@click.option("--state", type=click.Choice(_STATES), help="Only what waits, or only what is dead.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many at most.")
@click.option("--after", help="Go on after this id.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(
    url: str, subscriber: str | None, state: DeliveryState | None, limit: int, after: str | None, as_json: bool
) -> None:
    """What waits and what is dead in the store at URL, the oldest first."""
    with CRM.open(url, migrate="never") as crm:
        page = crm.relay.outbox.list(state=state, subscriber=subscriber, limit=limit, after=after)
        lag = crm.relay.outbox.lag()
    if as_json:
        click.echo(json.dumps({
            "deliveries": [{name: _plain(one, name) for name in _SHOWN} for one in page],
            "next": page.next,
            "lag": {
                name: {"waiting": one.waiting, "dead": one.dead, "oldest": one.oldest.isoformat()}
                for name, one in lag.items()
            },
        }, indent=2))  # fmt: skip
        return
    if not page:
        click.echo("Nothing waits, and nothing is dead." if not lag else "Nothing of this kind.")
        return
    table = with_columns(*_SHOWN)
    for one in page:
        table.add_row(*[str("" if (cell := _plain(one, name)) is None else cell) for name in _SHOWN])
    wide().print(table)
    for name, behind in lag.items():
        click.echo(f"{name}: {behind.waiting} wait, {behind.dead} dead, since {behind.oldest.isoformat()}")
    if page.next is not None:
        click.echo(f"There is more: --after {page.next}")


def _changing(say: str, change: Callable[[Outbox], Callable[..., int]], help_text: str) -> click.Command:
    """One command that changes some deliveries: by id, of a subscriber, or all."""

    @click.argument("url")
    @click.option("--subscriber", help="All of one subscriber.")
    @click.option("--id", "ids", multiple=True, help="One delivery; may be given several times.")
    @click.option("--all", "everything", is_flag=True, help="All of every subscriber.")
    def changed(url: str, subscriber: str | None, ids: tuple[str, ...], everything: bool) -> None:
        if (subscriber is not None) + bool(ids) + everything != 1:
            message = "Give --id, --subscriber or --all, one of the three."
            raise click.UsageError(message)
        chosen = [delivery_id(one) for one in ids]
        with CRM.open(url, migrate="never") as crm:
            box = crm.relay.outbox
            if chosen:
                count = change(box)(chosen)
            else:
                names = tuple(box.lag()) if subscriber is None else (subscriber,)
                count = sum(change(box)(subscriber=name) for name in names)
        click.echo(f"{count} {say}.")

    return click.command(help=help_text)(changed)


outbox.add_command(
    _changing("will be told again", lambda box: box.retry, "Tell them again at once, with all attempts before them."),
    "retry",
)
outbox.add_command(
    _changing("forgotten", lambda box: box.discard, "Forget them: nobody is told of them any more."), "discard"
)


def _plain(one: Delivery, name: str) -> str | int | None:
    value = getattr(one, name)
    return value if value is None or isinstance(value, int) else str(value)
