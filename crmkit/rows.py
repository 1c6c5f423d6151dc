"""Rows of a text, as imports take them: CSV with a head, or a JSON object a line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from io import StringIO
from itertools import chain
from types import MappingProxyType
from typing import Any, cast

from crmkit.domain.money import Money
from crmkit.errors import Fault, Invalid

#: Between several values in one cell.
SEVERAL = ";"
#: The columns are called as the keywords are.
NO_COLUMNS: Mapping[str, str] = MappingProxyType({})

__all__ = ["csv_rows", "json_rows"]


def csv_rows(text: str | Iterable[str], columns: Mapping[str, str] = NO_COLUMNS) -> Iterator[Mapping[str, Any]]:
    r"""
    Give the rows of a CSV whose first line names the columns, one after the other, for `crm.import_clients` and others.

    *text* is all of it, or its lines, such as an open file. *columns* says which keyword a column of the file is; `-`
    leaves it out. Between cells may be a comma, a semicolon or a tab. Several phones, emails or tags stand in one cell
    with `;` between them, an external id as `shop:42`, money as `9.90 EUR`, an instant with its zone. A cell that
    cannot be read as its keyword wants it stays a text, which the import refuses with a reason. `Invalid` for what is
    no CSV or no text in UTF-8.

    >>> list(csv_rows("Name;Telefon\nAnna;+49 30 901820\n", {"Name": "name", "Telefon": "phone"}))
    [{'name': 'Anna', 'phone': ['+49 30 901820']}]
    """
    lines = _lines(text)
    head = next(lines, "").removeprefix("\ufeff")  # spreadsheets put a mark in front
    reader = csv.DictReader(chain([head], lines), delimiter=max(",;\t", key=head.count))
    try:
        for row in reader:
            cells: dict[Any, Any] = row
            if None in cells:  # more of them than the head names: no import knows such a column
                cells["?"] = str(len(cells.pop(None)))
            yield _read(cells, columns)
    except csv.Error:
        message = "A cell is too long, or a quote is never closed. Rows before it are in: mend it and run it again."
        raise Invalid(Fault("text", "not_csv", message)) from None


def json_rows(text: str | Iterable[str], columns: Mapping[str, str] = NO_COLUMNS) -> Iterator[Any]:
    """
    Do the same for a text with a JSON object a line; a line that is none gives None, which the import refuses.

    >>> list(json_rows('{"name": "Anna", "tags": ["vip"]}'))
    [{'name': 'Anna', 'tags': ['vip']}]
    """
    for line in _lines(text):
        if line.strip(" \t\r\n\ufeff"):
            try:
                row: Any = json.loads(line.removeprefix("\ufeff"))
            except ValueError:
                row = None
            yield _read(cast("Mapping[Any, Any]", row), columns) if isinstance(row, dict) else row


def _lines(text: str | Iterable[str]) -> Iterator[str]:
    try:
        yield from StringIO(text, newline="") if isinstance(text, str) else text
    except UnicodeDecodeError:
        message = "Give a text in UTF-8. Rows before this one are in: mend it and run it again."
        raise Invalid(Fault("text", "not_text", message)) from None


def _read(row: Mapping[Any, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    return {name: _value(name, cell) for name, cell in _named(row, columns)}


def _named(row: Mapping[Any, Any], columns: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """What is left out tells nothing, but keeps its place: a report counts the columns as the text does."""
    for column, cell in row.items():
        name = columns.get(column, column)
        yield (f"-{column}", None) if name == "-" else (name, cell)


def _value(name: str, cell: Any) -> Any:
    reader = _READERS.get(name)
    if reader is None or not isinstance(cell, str) or not cell.strip():
        return cell
    try:
        return reader(cell.strip())
    except (ValueError, ArithmeticError):
        return cell


def _several(cell: str) -> list[str]:
    return [one.strip() for one in cell.split(SEVERAL) if one.strip()]


def _pair(cell: str) -> tuple[str, str]:
    system, colon, value = cell.partition(":")
    if not colon:
        raise ValueError
    return system, value


def _money(cell: str) -> Money:
    amount, currency = cell.rsplit(maxsplit=1)
    return Money(amount, currency)


_READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("phone", "email", "tags"), _several),
    **dict.fromkeys(("external_id", "client_external_id"), _pair),
    **dict.fromkeys(("amount", "cost"), _money),
    "at": datetime.fromisoformat,
    "minutes": int,
}
