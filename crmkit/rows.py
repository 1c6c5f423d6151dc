"""Rows of a text, as imports take them: CSV with a head, or a JSON object a line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import StringIO
from itertools import chain, zip_longest
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
    lines = _Lines(text)
    head = next(lines, "").removeprefix("\ufeff")  # spreadsheets put a mark in front
    reader = csv.reader(chain([head], lines), delimiter=max(",;\t", key=head.count))
    try:
        names = next(_whole(reader, lines), list[str]())
        _check_columns([columns.get(name, name) for name in names])
        for cells in _whole(reader, lines):
            if cells:
                yield _read(zip_longest(names, cells[: len(names)]), columns, len(cells) - len(names))
    except csv.Error:
        message = "A cell is too long, or a quote is never closed. Rows before it are in: mend it and run it again."
        raise Invalid(Fault("text", "not_csv", message)) from None


def json_rows(text: str | Iterable[str], columns: Mapping[str, str] = NO_COLUMNS) -> Iterator[Any]:
    """
    Do the same for a text with a JSON object a line; a line that is none gives None, which the import refuses.

    >>> list(json_rows('{"name": "Anna", "tags": ["vip"]}'))
    [{'name': 'Anna', 'tags': ['vip']}]
    """
    for line in _Lines(text):
        if line.strip(" \t\r\n\ufeff"):
            try:
                row: object = json.loads(line.removeprefix("\ufeff"))
            except (ValueError, RecursionError):
                row = None
            if isinstance(row, dict):
                cells = cast("dict[str, Any]", row)
                _check_columns([columns.get(name, name) for name in cells])
                yield _read(cells.items(), columns)
            else:
                yield row


class _Lines(Iterator[str]):
    """The lines of a text, and whether a quote is open at the end of those that were read since last asked."""

    def __init__(self, text: str | Iterable[str]) -> None:
        self._lines: Iterator[object] = iter(StringIO(text, newline="") if isinstance(text, str) else text)
        self._read, self._quotes = 0, 0

    def __next__(self) -> str:
        message = "Give a text in UTF-8, or its lines; of bytes io.TextIOWrapper(file, 'utf-8-sig') makes some."
        try:
            line = next(self._lines)
        except UnicodeDecodeError:
            line = None
        if not isinstance(line, str):
            raise Invalid(Fault("text", "not_text", message)) from None
        self._read += 1
        self._quotes += line.count('"')
        return line

    def ends_in_quotes(self) -> bool:
        """A row of several lines whose quotes do not match swallowed all that follows it."""
        several, odd = self._read > 1, self._quotes % 2 == 1
        self._read = self._quotes = 0
        return several and odd


def _whole(reader: Iterable[list[str]], lines: _Lines) -> Iterator[list[str]]:
    for cells in reader:
        if lines.ends_in_quotes():
            raise csv.Error
        yield cells


def _check_columns(keywords: Sequence[str]) -> None:
    """Of two columns for one keyword one would be lost, but where there may be several values."""
    for name in {name for name in keywords if keywords.count(name) > 1} - {*_JOINED, "-", ""}:
        raise Invalid(Fault("columns", "twice", f"Two columns are {name}. Leave one of them out with '-'."))


def _read(cells: Iterable[tuple[str, Any]], columns: Mapping[str, str], more: int = 0) -> dict[str, Any]:
    """What is left out tells nothing, but keeps its place: a report counts the columns as the text does."""
    row: dict[str, Any] = {}
    for column, cell in cells:
        name = columns.get(column, column)
        told = _value(name, cell)
        known = row.get(name) if name in _JOINED else None
        if name == "-":
            row[f"-{column}"] = None
        elif known and isinstance(told, list):
            row[name] = [*known, *cast("list[str]", told)]
        elif not known:
            row[name] = told
    if more > 0:  # more cells than the head names: no import knows such a column
        row["?"] = str(more)
    return row


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


#: Of these a row may tell several.
_JOINED = ("phone", "email", "tags")
_READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(_JOINED, _several),
    **dict.fromkeys(("external_id", "client_external_id"), _pair),
    **dict.fromkeys(("amount", "cost"), _money),
    "at": datetime.fromisoformat,
    "minutes": int,
}
