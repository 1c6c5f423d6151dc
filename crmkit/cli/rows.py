"""Rows of a file, as imports take them: CSV with a head, or a JSON object a line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from crmkit import Money
from crmkit.errors import Fault, Invalid

#: Between several values in one cell.
SEVERAL = ";"


def rows_of(file: Path, columns: Mapping[str, str]) -> Iterator[Any]:
    """
    Each row with its cells read, one after the other; *columns* gives columns of the file the names of fields.

    A cell that cannot be read as its field wants it stays a text, and a line that is no object is none, both of which
    the import refuses with a reason. `Invalid` before the first row for a file that is no text in UTF-8.
    """
    _check_text(file)
    read = _json_lines if file.suffix.lower() in (".jsonl", ".ndjson") else _csv
    for row in read(file):
        if isinstance(row, dict):
            cells = cast("dict[str, Any]", row)
            yield {name: _value(name, cell) for name, cell in _named(cells, columns)}
        else:
            yield row


def _named(row: Mapping[str, Any], columns: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """What is left out tells nothing, but keeps its place: a report counts the columns as the file does."""
    for column, cell in row.items():
        name = columns.get(column, column)
        yield (f"-{column}", None) if name == "-" else (name, cell)


def _check_text(file: Path) -> None:
    """All of it, before a row of it is written anywhere."""
    try:
        with file.open(encoding="utf-8-sig") as lines:
            for _ in lines:
                pass
    except UnicodeDecodeError:
        message = "Give a text in UTF-8: CSV whose first line names the columns, or a JSON object a line (.jsonl)."
        raise Invalid(Fault("file", "not_text", message)) from None


def _csv(file: Path) -> Iterator[dict[Any, Any]]:
    with file.open(newline="", encoding="utf-8-sig") as lines:
        first = lines.readline()
        lines.seek(0)
        try:
            for row in csv.DictReader(lines, delimiter=max(",;\t", key=first.count)):
                cells: dict[Any, Any] = row
                if None in cells:  # more of them than the head names: no import knows such a field
                    cells["?"] = str(len(cells.pop(None)))
                yield cells
        except csv.Error:
            message = "A cell is too long, or a quote is never closed. Rows before it are in: mend it and run it again."
            raise Invalid(Fault("file", "not_csv", message)) from None


def _json_lines(file: Path) -> Iterator[Any]:
    with file.open(encoding="utf-8-sig") as lines:
        for line in lines:
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError:
                    yield None


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
