from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

HELD = 400
AIM = 150


def test_no_file_is_too_long_to_hold_in_mind(package: Path) -> None:
    """One idea a file, at most four hundred lines."""
    assert [] == [f"{name}: {lines} lines" for name, lines in _sizes(package) if lines > HELD]


@pytest.mark.filterwarnings("default::UserWarning")
def test_files_over_the_aim_are_named(package: Path) -> None:
    """A file may pass the aim of a hundred and fifty lines, but never unseen: the run's summary lists it."""
    over = [f"{name} ({lines})" for name, lines in _sizes(package) if AIM < lines <= HELD]
    if over:
        warnings.warn(f"over {AIM} lines: {', '.join(over)}", stacklevel=1)


def _sizes(package: Path) -> Iterator[tuple[str, int]]:
    """Every source file and its lines; a migration is written once and never read again, so it may be long."""
    for path in sorted(package.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(package.parent).as_posix(), len(path.read_text(encoding="utf-8").splitlines())
