"""
How fast the journal is sealed and verified, beside reading and hashing the same rows by hand.

    python benchmarks/sealing.py
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from crmkit import CRM
from crmkit.audit import Audit, Head
from crmkit.domain.scope import EVERYONE
from crmkit.storage.sql import SQLStorage
from crmkit.testing import a_client, an_entry

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance-sealing.md"
AT_ONCE = 1000


def main() -> None:
    """Measure, print, and write the page if asked to."""
    reader = argparse.ArgumentParser(description="How fast the journal is sealed and verified.")
    reader.add_argument("--entries", type=int, default=100_000, help="how long the journal is (%(default)s)")
    reader.add_argument("--commits", type=int, default=2_000, help="how many commits are measured (%(default)s)")
    reader.add_argument("--rounds", type=int, default=7, help="how often everything is measured (%(default)s)")
    reader.add_argument("--write", action="store_true", help="write docs/performance-sealing.md, too")
    given = reader.parse_args()
    with TemporaryDirectory(prefix="crmkit-sealing-") as folder:
        text = page(measured(Path(folder), given.entries, given.commits, given.rounds), given.entries)
    print(text)
    if given.write:
        PAGE.write_text(text, encoding="utf-8")


def measured(folder: Path, entries: int, commits: int, rounds: int) -> Mapping[str, float]:
    """Entries a second, in turns."""
    path = folder / "crm.db"
    _fill(path, entries)
    heads = list[Head]()
    with CRM.open(f"sqlite:///{path}", delivery="external", audit=Audit(heads.append)) as crm:
        sealed = entries / _taken(crm.run_due, process_time)
        ways: dict[str, Callable[[], object]] = {
            "read and hashed by hand": lambda: _by_hand(path),
            "verified": lambda: _verify(crm, heads, entries),
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                taken[name].append(_taken(way, process_time))
        found = {name: entries / median(some) for name, some in taken.items()}
    plain, chained = list[float](), list[float]()
    for number in range(rounds):
        plain.append(_commits(f"sqlite:///{folder}/plain-{number}.db", commits, None))
        chained.append(_commits(f"sqlite:///{folder}/chained-{number}.db", commits, Audit(heads.append)))
    return {
        **{f"{name}, a second of the processor": count for name, count in found.items()},
        "sealed, a second of the processor": sealed,
        "committed without an audit, a second": commits / median(plain),
        "committed with one, sealed in a thread, a second": commits / median(chained),
    }


def _fill(path: Path, entries: int) -> None:
    storage, client = SQLStorage(f"sqlite:///{path}"), a_client()
    for start in range(0, entries, AT_ONCE):
        tx = storage.begin(write=True, scope=EVERYONE)
        for number in range(start, min(start + AT_ONCE, entries)):
            tx.append(an_entry(client, correlation_id=f"request-{number}"))
        tx.commit()
    storage.close()


def _by_hand(path: Path) -> None:
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT seq, id, at, actor, source, source_plugin, source_campaign, source_ref, correlation_id, events "
        "FROM crm_journal ORDER BY seq"
    )
    for row in rows:
        sha256(repr(row).encode()).hexdigest()
    connection.close()


def _verify(crm: CRM, heads: list[Head], entries: int) -> None:
    with crm.read() as tx:
        found = tx.audit.verify(heads)
    assert (True, entries) == (found.is_sound, found.entries)


def _commits(url: str, commits: int, audit: Audit | None) -> float:
    with CRM.open(url, audit=audit) as crm:

        def work() -> None:
            for number in range(commits):
                with crm.begin() as tx:
                    tx.clients.add(name="Anna", phone=f"+4930{number:07}")

        return _taken(work, perf_counter)


def _taken(work: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    work()
    return clock() - started


def page(found: Mapping[str, float], entries: int) -> str:
    """The page of the documentation."""
    lines = ["| entries of the journal | |", "|---|--:|"]
    lines += [f"| {name} | {count:,.0f} |" for name, count in found.items()]
    return f"""# What sealing costs

Medians of one run of `python benchmarks/sealing.py --write`, measured in turns, on SQLite with `synchronous=FULL`.
They are a picture of one machine, never a promise: nothing asserts them.
The journal has {entries:,} entries of one event each.
What the processor alone does is counted in its own seconds, so that it matters less who else uses it.

{chr(10).join(lines)}

CPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}.

- *By hand* is the driver, a loop and SHA-256 over what it fetched: no check that looks at every row is quicker.
- *Verified* is `tx.audit.verify(heads)` on a sound journal; it holds two thousand entries in memory at most.
- A commit counts itself and goes on; the thread that seals holds the write lock for some ten milliseconds in each thousand commits.
"""


if __name__ == "__main__":
    main()
