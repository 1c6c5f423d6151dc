"""
How long a program waits for crmkit: to import it, and to open a store that is there.

    python benchmarks/starting.py
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from contest import report

from crmkit import CRM

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance-starting.md"


def main() -> None:
    """Measure, print, and write the page if asked to."""
    reader = argparse.ArgumentParser(description="How long a program waits for crmkit.")
    reader.add_argument("--rounds", type=int, default=9, help="how often each program is run (%(default)s)")
    reader.add_argument("--write", action="store_true", help="write docs/performance-starting.md, too")
    given = reader.parse_args()
    with TemporaryDirectory(prefix="crmkit-starting-") as folder:
        url = f"sqlite:///{folder}/shop.db"
        CRM.open(url).close()
        programs = {
            "nothing": "",
            "import sqlalchemy": "import sqlalchemy",
            "import crmkit": "import crmkit",
            "CRM.open in memory": "from crmkit import CRM; CRM.open('memory://')",
            "CRM.open on SQLite": f"from crmkit import CRM; CRM.open({url!r})",
        }
        taken: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(given.rounds):
            for name, program in programs.items():
                taken[name].append(_run(program))
        found = {name: median(some) * 1e3 for name, some in taken.items()}
    text = page(found)
    print(text)
    if given.write:
        PAGE.write_text(text, encoding="utf-8")


def _run(program: str) -> float:
    started = perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603  # our own few lines
    return perf_counter() - started


def page(found: Mapping[str, float]) -> str:
    """The page of the documentation."""
    lines = ["| program | ms, whole process | ms above an empty one |", "|---|--:|--:|"]
    empty = found["nothing"]
    lines += [f"| {name} | {took:.0f} | {took - empty:.0f} |" for name, took in found.items()]
    shown = "\n".join(lines)
    return f"""# How long a program waits for crmkit

Medians of one run of `python benchmarks/starting.py --write`, every program in turns. {report.machine()}.

{shown}
"""


if __name__ == "__main__":
    main()
