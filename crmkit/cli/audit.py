"""`crmkit audit`: seal the journal, and look whether it is as it was sealed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from crmkit import CRM, to_builtins
from crmkit.audit import Audit, FileSink, Head, Verified, heads_in
from crmkit.cli.progress import shown
from crmkit.relay import seal as sealed

_heads = click.Path(path_type=Path, dir_okay=False)


@click.group()
def audit() -> None:
    """Seal the journal, and look whether it is as it was sealed."""


@audit.command()
@click.argument("url")
@click.option("--heads", type=_heads, help="Append the heads of the chain to this file, where nobody else can write.")
def seal(url: str, heads: Path | None) -> None:
    """Seal what is not sealed yet in the store at URL. Exit code 1 if the file did not take the heads."""
    sink = _nowhere if heads is None else FileSink(heads)
    with (
        CRM.open(url, audit=Audit(sink), delivery="external", migrate="never") as crm,
        shown("Sealing", "entries") as progress,
    ):
        done = sealed(crm, lambda count: progress(count, None))
    click.echo(f"{done.entries} entries sealed.")
    if not done.is_kept:
        sys.exit(f"The heads could not be written to {heads}. They will be offered again.")


@audit.command()
@click.argument("url")
@click.option("--heads", type=_heads, help="The heads that were kept: without them a chain made anew looks sound.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def verify(url: str, heads: Path | None, as_json: bool) -> None:
    """Compare the journal of the store at URL with its seals. Exit code 1 if anything is not as it was sealed."""
    kept = () if heads is None else heads_in(heads)
    with (
        CRM.open(url, migrate="never") as crm,
        shown("Comparing", "entries") as progress,
        crm.read(snapshot=True) as tx,
    ):
        found = tx.audit.verify(kept, progress=progress)
    if as_json:
        click.echo(json.dumps({**to_builtins(found), "is_sound": found.is_sound}, indent=2))
    else:
        click.echo(_told(found, with_heads=bool(kept)))
    if not found.is_sound:
        sys.exit(1)


def _told(found: Verified, *, with_heads: bool) -> str:
    lines = [str(breach) for breach in found.breaches]
    lines += [f"And {found.more} more."] if found.more else []
    compared = (
        "and with the heads that were kept" if with_heads else "without heads: a chain made anew would look sound"
    )
    lines.append(f"{found.entries} entries compared with {found.seals} seals, {compared}.")
    if found.unsealed:
        lines.append(f"{found.unsealed} of them are not sealed yet.")
    return "\n".join([*lines, "All is well." if found.is_sound else "Something was tampered with."])


def _nowhere(_: Head) -> None:
    """Take it: the chain holds by itself, as long as nobody makes all of it anew."""
