"""`crmkit new-plugin`: begin a plugin with files that pass their own tests."""

from __future__ import annotations

from pathlib import Path

import click

from crmkit.cli.scaffold import write


@click.command("new-plugin")
@click.argument("name")
@click.option("--channel", "kinds", flag_value="channel", multiple=True, help="Reaches clients by a way of its own.")
@click.option("--observer", "kinds", flag_value="observer", multiple=True, help="Hears what happened. The default.")
@click.option("--policy", "kinds", flag_value="policy", multiple=True, help="Objects to what must not happen.")
@click.option("--tables", "kinds", flag_value="tables", multiple=True, help="Keeps rows in tables of its own, on SQL.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder it is put into; the current one unless given.",
)
def new_plugin(name: str, kinds: tuple[str, ...], folder: Path) -> None:  # fmt: skip
    """Write a new plugin NAME (small letters, digits, underscores) into a folder of its own; overwrite nothing."""
    if len(kinds) > 1:
        message = "Give one of --channel, --observer, --policy and --tables."
        raise click.UsageError(message)
    target = write(name, kinds[0] if kinds else "observer", folder)
    click.echo(f"Written to {target}. Run its tests there with: tox")
