"""Columns that nobody knows, told without their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crmkit.services.checks import Checks


def unknown(check: Checks, row: Mapping[object, object], column: object, known: Iterable[str]) -> None:
    """Note a column by its place: in a file without a line of names, the first person stands where names should."""
    place = list(row).index(column) + 1
    check.fault(f"column {place}", "unknown", f"There is no such column. There are: {', '.join(sorted(known))}.")
