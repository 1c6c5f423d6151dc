"""What came out: each run's counts, told in one line, kept as JSON where docs/reliability.md is made from it."""

from __future__ import annotations

import fcntl
import json
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import attrs

#: The figures on record. CRMKIT_WRITE_DOCS=1 makes every heavy and nightly run put its own in here.
FIGURES = Path(__file__).parents[2] / "figures.json"


@attrs.frozen
class Figure:
    """
    What one run of one promise's test counted; `stands_on` are the versions it ran with.

    >>> print(Figure("R1", "sqlite-wal", "heavy", {"kills": 3000, "lost": 0}, 51.7, "SQLite 3.40.1", "2026-11-24"))
    R1 sqlite-wal (heavy): 3,000 kills, 0 lost, 52 s
    """

    promise: str
    case: str
    run: str
    counts: Mapping[str, int | float]
    seconds: float
    stands_on: str
    date: str = attrs.field(factory=lambda: datetime.now(UTC).date().isoformat())

    def __str__(self) -> str:
        return f"{self.promise} {self.case} ({self.run}): {self.told()}, {self.seconds:,.0f} s"

    def told(self) -> str:
        """The counts in words."""
        return ", ".join(f"{count:,} {name}" for name, count in self.counts.items())


def versions(database: str) -> str:
    """What a figure stands on."""
    return ", ".join(filter(None, [f"Python {platform.python_version()}", database]))


def read(path: Path = FIGURES) -> list[Figure]:
    """The figures on record, in the order of the file."""
    return [Figure(**known) for known in json.loads(path.read_text(encoding="utf-8"))]


def write(figures: Iterable[Figure], path: Path = FIGURES) -> None:
    """One figure a line, so that a change shows which run is new."""
    ordered = sorted(figures, key=lambda figure: (figure.promise[0], int(figure.promise[1:]), figure.case, figure.run))
    lines = ",\n".join(json.dumps(attrs.asdict(figure)) for figure in ordered)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def record(figure: Figure, path: Path = FIGURES) -> None:
    """Put *figure* in the place of the last one of its kind. Runs at once take turns."""
    with path.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        kind = (figure.promise, figure.case, figure.run)
        known = read(path) if path.exists() else []
        write([*(one for one in known if (one.promise, one.case, one.run) != kind), figure], path)
        write_page(path)


def write_page(path: Path = FIGURES) -> None:
    """Make docs/reliability.md of what is on record."""
    from promises.page import PAGE, page

    PAGE.write_text(page(read(path)), encoding="utf-8")


def asked_for() -> bool:
    """Whether this run's figures go on record."""
    return os.environ.get("CRMKIT_WRITE_DOCS") == "1"
