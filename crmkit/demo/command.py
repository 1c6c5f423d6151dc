"""`crmkit demo`: make the database, load the shop, show what a CRM knows of it."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from crmkit import CRM
from crmkit.demo.fingerprint import fingerprint
from crmkit.demo.loading import FixedClock, Refused, load
from crmkit.demo.shop import Shop, read_shop
from crmkit.demo.showing import show


@click.command()
@click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("crmkit-demo.db"),
    show_default=True,
    help="The SQLite file to make, or to find as it was left.",
)
def demo(db: Path) -> None:
    """Load a real shop's five years into a file beside you, and ask a CRM's questions about it."""
    console, shop = Console(), read_shop()
    console.print(f"[bold]The Chinook music shop, 2007-2011[/bold], as of {shop.today:%d %b %Y}, in {db}\n")
    with CRM.open(f"sqlite:///{db}", clock=FixedClock(shop.today)) as crm:
        before, journal = fingerprint(crm), crm.health().journal
        refused = load_with_progress(console, crm, shop)
        after = fingerprint(crm)
        show(console, crm, shop, refused)
        if before == after:
            console.print("\nNothing changed: all of it was there already.")
        console.print(f"journal {crm.health().journal} (before {journal})   content {after}", soft_wrap=True)


def load_with_progress(console: Console, crm: CRM, shop: Shop) -> list[Refused]:
    """Load, with a bar for each kind of thing."""
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console) as bars:
        known: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = bars.add_task(what, total=total)
            bars.update(known[what], completed=done)

        refused = load(crm, shop, progress)
    console.print()
    return refused
