"""Rows of a file, as imports take them: CSV with a head, or a JSON object a line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from crmkit import Money
from crmkit.errors import Fault, Invalid

#: Between several values in one cell.
SEVERAL = ";"


def rows_of(file: Path, columns: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """
    Each row with its cells read, one after the other; *columns* gives columns of the file the names of fields.

    A cell that cannot be read as its field wants it stays a text, which the import refuses with a reason. `Invalid` for
    a file that is neither.
    """
    read = _json_lines if file.suffix.lower() in (".jsonl", ".ndjson") else _csv
    for row in read(file):
        yield {name: _value(name, cell) for name, cell in _named(row, columns)}


def _named(row: Mapping[str, Any], columns: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for column, cell in row.items():
        if (name := columns.get(column, column)) != "-":
            yield name, cell


def _csv(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            first = lines.readline()
            lines.seek(0)
            delimiter = max(",;\t", key=first.count)
            for row in csv.DictReader(lines, delimiter=delimiter):
                cells: dict[Any, Any] = row
                if None in cells:  # more of them than the head names: no import knows such a field
                    cells["?"] = str(len(cells.pop(None)))
                yield cells
    except (UnicodeDecodeError, csv.Error):
        raise Invalid(
            Fault("file", "not_csv", "Give a CSV file in UTF-8 whose first line names the columns.")
        ) from None


def _json_lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    row = json.loads(line)
                except ValueError:
                    row = None
                if not isinstance(row, dict):
                    raise Invalid(Fault("file", "not_json", f"Line {number} is no JSON object. Give one a line."))
                yield row


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
