"""`crmkit demo`: make the database, load the shop, show what a CRM knows of it."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from time import perf_counter

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from crmkit import CRM
from crmkit.demo.crowd import grow, quickest
from crmkit.demo.fingerprint import fingerprint
from crmkit.demo.loading import Refused, load
from crmkit.demo.opening import opened, sentence
from crmkit.demo.shop import Shop, read_shop
from crmkit.demo.showing import show
from crmkit.demo.showing.table import row, table
from crmkit.errors import CRMError

_STOPPED = "Stopped. What was loaded is kept; run `crmkit demo` again, and it goes on from there."


@click.command()
@click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("crmkit-demo.db"),
    show_default=True,
    help="The SQLite file to make, or to find as it was left.",
)
@click.option("--clients", type=click.IntRange(1, 5_000_000), help="Bring in so many made-up clients, and ask again.")
def demo(db: Path, clients: int | None) -> None:
    """Load a real shop's five years into a file beside you, and ask a CRM's questions about it."""
    out: object = sys.stdout
    if isinstance(out, TextIOWrapper):
        out.reconfigure(errors="replace")  # a pipe may know fewer letters than our clients' names have
    try:
        _run(Console(), read_shop(), db, clients)
    except (CRMError, OSError) as error:
        raise click.ClickException(sentence(db, error)) from error
    except KeyboardInterrupt:
        raise click.ClickException(_STOPPED) from None


def _run(console: Console, shop: Shop, db: Path, clients: int | None) -> None:
    with opened(db, shop) as crm:
        if clients is not None:
            load_with_progress(crm, shop)
            grow_with_progress(console, crm, clients)
            return
        title = f"[bold]The Chinook music shop, 2007-2011[/bold], as of {shop.today:%d %b %Y}, in {escape(str(db))}"
        console.print(title, end="\n\n", highlight=False)
        before, journal = fingerprint(crm), crm.health().journal
        refused = load_with_progress(crm, shop)
        after = fingerprint(crm)
        show(console, crm, shop, refused, db)
        if before == after and journal == crm.health().journal:
            console.print("\nSecond run: nothing changed, all of it was there already.")
        console.print(f"journal {crm.health().journal} (before {journal})   content {after}", soft_wrap=True)
        console.print(f"without ids, as in every fresh database: {fingerprint(crm, ids=False)}", soft_wrap=True)


def load_with_progress(crm: CRM, shop: Shop) -> list[Refused]:
    """Load, with a bar for each kind of thing; on stderr, so that a pipe gets the answers alone."""
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        known: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = bars.add_task(what, total=total)
            bars.update(known[what], completed=done)

        refused = load(crm, shop, progress)
    bars.console.print()
    return refused


def grow_with_progress(console: Console, crm: CRM, count: int) -> None:
    """Bring the crowd to *count*, with a bar on stderr, and show how quick the everyday questions are then."""
    columns = (TextColumn("clients   "), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    started = perf_counter()
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task("clients", total=count)
        report = grow(crm, count, lambda done, total: bars.update(bar, completed=done, total=total))
    took = perf_counter() - started
    with crm.read() as tx:
        made = table(f"Among {tx.clients.count():,} clients", "question", "milliseconds", numbers={"milliseconds"})
        for one in quickest(tx, count):
            row(made, one.question, f"{one.milliseconds:.2f}")
    console.print(f"{report.added:,} clients came in, {report.added / took:,.0f} a second.", highlight=False)
    console.print(made)
