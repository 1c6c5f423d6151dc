"""`crmkit import`: bring in clients, touchpoints or purchases from a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from crmkit import CRM, ImportReport
from crmkit.cli.opening import config_at, plugins_option
from crmkit.cli.progress import shown
from crmkit.cli.tables import wide, with_columns
from crmkit.errors import Fault, Invalid
from crmkit.rows import csv_rows, json_rows

F = TypeVar("F", bound=Callable[..., Any])
#: How many reasons are shown.
SHOWN = 20


@click.group("import")
def import_() -> None:
    """
    Bring in many rows from a file: CSV whose first line names the fields, or a JSON object a line (.jsonl).

    Fields are the keywords of the verbs. Several phones, emails or tags stand in one cell with ; between them, an
    external id as shop:42, money as 9.90 EUR, an instant with its zone as 2026-05-01T12:00+03:00.
    """


def _common(command: F) -> F:
    """What all three may be told."""
    for option in (
        plugins_option,
        click.option("--region", help="How phones without a country are read: a code such as DE."),
        click.option(
            "--map", "columns", multiple=True, metavar="COLUMN=FIELD",
            help="Which field a column of the file is; - leaves it out. As often as needed.",
        ),
        click.option("--key", help="Go on where an import under this key was stopped, and do none twice."),
        click.option("--dry-run", is_flag=True, help="Say what would become of the rows, and write nothing."),
        click.argument("url"),
        click.argument("rows", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False)),
    ):  # fmt: skip
        command = option(command)
    return command


@import_.command()
@click.option(
    "--on-match", type=click.Choice(["skip", "update", "add"]), default="skip", show_default=True,
    help="What becomes of a row whose client is there already.",
)  # fmt: skip
@_common
def clients(on_match: Any, **told: Any) -> None:
    """Add the clients of FILE to the store at URL. Exit code 1 if a row was refused."""
    _run("clients", told, lambda crm: partial(crm.import_clients, on_match=on_match))


@import_.command()
@_common
def touchpoints(**told: Any) -> None:
    """Record the touchpoints of FILE in the store at URL. Exit code 1 if a row was refused."""
    _run("touchpoints", told, lambda crm: crm.import_touchpoints)


@import_.command()
@_common
def purchases(**told: Any) -> None:
    """Record the purchases of FILE in the store at URL. Exit code 1 if a row was refused."""
    _run("purchases", told, lambda crm: crm.import_purchases)


def _run(what: str, told: Mapping[str, Any], door: Callable[[CRM], Callable[..., ImportReport]]) -> None:
    columns = _columns(told["columns"])
    config = config_at(told["file"])
    with (
        CRM.open(told["url"], region=told["region"], plugins=config, delivery="external", migrate="never") as crm,
        shown("Trying" if told["dry_run"] else "Importing", what) as progress,
    ):
        rows = _rows(told["rows"], columns)
        report = door(crm)(rows, key=told["key"], dry_run=told["dry_run"], progress=progress)
    _say(report, what)
    if report.refused:
        sys.exit(1)


def _rows(file: Path, columns: Mapping[str, str]) -> Iterator[Any]:
    """All of it is looked through before a row of it is written anywhere: `Invalid` for what is no text in UTF-8."""
    read = json_rows if file.suffix.lower() in (".jsonl", ".ndjson") else csv_rows
    try:
        with file.open(encoding="utf-8-sig") as lines:
            for _ in lines:
                pass
    except UnicodeDecodeError:
        message = "Give a text in UTF-8: CSV whose first line names the columns, or a JSON object a line (.jsonl)."
        raise Invalid(Fault("file", "not_text", message)) from None
    with file.open(newline="", encoding="utf-8-sig") as lines:
        yield from read(lines, columns)


def _columns(given: tuple[str, ...]) -> Mapping[str, str]:
    columns: dict[str, str] = {}
    for one in given:
        column, equals, field = one.partition("=")
        if not equals or not column or not field:
            raise click.BadParameter("Give COLUMN=FIELD, such as Telefon=phone.", param_hint="--map")
        columns[column] = field
    return columns


def _say(report: ImportReport, what: str) -> None:
    """How many became what; then why rows were refused, without what stands in them."""
    would = "would be " if report.dry_run else ""
    earlier = f" ({report.resumed_from} of them by an earlier run)" if report.resumed_from else ""
    click.echo(
        f"Of {report.read} {what}{earlier}, {report.added} {would}added, {report.updated} updated, "
        f"{report.skipped} skipped, {report.refused} refused."
    )
    if report.faults:
        table = with_columns("row", "field", "why")
        for fault in report.faults[:SHOWN]:
            table.add_row(str(fault.row), fault.path, fault.message)
        wide().print(table)
        if len(report.faults) > SHOWN:
            click.echo(f"… and {len(report.faults) - SHOWN} more.")
