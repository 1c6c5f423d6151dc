"""
How many touchpoints a second several processes record in one store, and how long the unluckiest of them waits.

    python benchmarks/writers.py --database sqlite
    python benchmarks/writers.py --database postgresql
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from threading import Barrier
from time import perf_counter

from contenders.itself import Itself
from contest import report
from contest.places import places
from peers import workload
from peers.target import target

DOCS = Path(__file__).resolve().parents[1] / "docs"
WRITERS = (1, 2, 4, 8)
CLIENTS = 1_000


def main() -> None:
    """Measure, print, and write the page if asked to."""
    reader = argparse.ArgumentParser(description="How several processes write to one store.")
    reader.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    reader.add_argument("--count", type=int, default=300, help="touchpoints that each process records (%(default)s)")
    reader.add_argument("--folder", type=Path, default=None, help="where files are made: on the disk to be measured")
    reader.add_argument("--write", action="store_true", help="write docs/performance-writers-….md, too")
    given = reader.parse_args()
    lines = ["| processes | touchpoints/s | median wait, ms | worst wait, ms |", "|--:|--:|--:|--:|"]
    with places(given.database, "FULL", given.folder) as place:
        url = place("writers")
        contender = Itself(target(url))
        contender.load(CLIENTS)
        contender.close()
        for writers in WRITERS:
            print(f"{writers} processes", file=sys.stderr, flush=True)
            rate, waits = together(url, writers, given.count)
            lines.append(f"| {writers} | {rate:,.0f} | {median(waits) * 1e3:.1f} | {max(waits) * 1e3:,.0f} |")
    text = page(given.database, given.count, "\n".join(lines))
    print(text)
    if given.write:
        (DOCS / f"performance-writers-{given.database}.md").write_text(text, encoding="utf-8")


def together(url: str, writers: int, count: int) -> tuple[float, Sequence[float]]:
    """The rate of all, and the seconds that each commit took."""
    context = get_context("spawn")
    with context.Manager() as manager, context.Pool(writers) as pool:
        ready = manager.Barrier(writers)
        each = pool.starmap(_write, [(url, number, count, ready) for number in range(writers)], 1)
    begun, ended = min(one[0] for one in each), max(one[1] for one in each)
    return writers * count / (ended - begun), [wait for one in each for wait in one[2]]


def _write(url: str, number: int, count: int, ready: Barrier) -> tuple[float, float, list[float]]:
    contender = Itself(target(url))
    contender.open()
    given = [workload.logged(n, CLIENTS) for n in range(number * count, (number + 1) * count)]
    waits: list[float] = []
    ready.wait()
    begun = perf_counter()
    for i, touch in given:
        started = perf_counter()
        contender.log(contender.ident(i), touch)
        waits.append(perf_counter() - started)
    ended = perf_counter()
    contender.close()
    return begun, ended, waits


def page(database: str, count: int, shown: str) -> str:
    """The page of the documentation."""
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database]
    return f"""# Several writers on {name}

Each process records {count} touchpoints in one store, a commit for each, as fast as it can.
One run of `python benchmarks/writers.py --database {database} --write`.
{report.machine()}.

{shown}
"""


if __name__ == "__main__":
    main()
