"""Columns that nobody knows, told without their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from crmkit.services.checks import Checks


def unknown(check: Checks, row: Mapping[object, object], column: object, known: Iterable[str]) -> None:
    """Note a column by its place: in a file without a line of names, the first person stands where names should."""
    place = list(row).index(column) + 1
    check.fault(f"column {place}", "unknown", f"There is no such column. There are: {', '.join(sorted(known))}.")


def is_blank(row: object) -> bool:
    """Whether a row has several columns and nothing in them, as spreadsheets leave some behind at the end."""
    if not isinstance(row, Mapping) or len(cast("Mapping[object, object]", row)) < 2:
        return False
    cells: Iterable[object] = cast("Mapping[object, object]", row).values()
    return all(cell is None or cell == "" for cell in cells)
