"""
What grows with the store: the same questions at 1,000, 10,000 and 100,000 clients, and more if asked for.

    python benchmarks/growth.py                       # SQLite
    python benchmarks/growth.py --largest 1000000

Medians in microseconds; a figure that grows is there to be asked about. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from contenders import rows
from contenders.itself import Itself
from contest import report
from peers import workload
from peers.resident import Resident
from peers.target import target

from crmkit import CRM

PLACE = Path(__file__).resolve().parent
PAGE = PLACE.parent / "docs" / "performance-growth.md"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
HISTORIES = (1, 100, 10_000)
#: A page far behind, in pages of fifty.
FAR = 1_000
Question = Callable[[int], Any]


def main() -> None:
    """Measure, print, and write the page if asked to."""
    reader = argparse.ArgumentParser(description="What grows with the store.")
    reader.add_argument("--largest", type=int, default=100_000, help="up to how many clients (%(default)s)")
    reader.add_argument("--longest", type=int, default=10_000, help="history of a client, up to (%(default)s)")
    reader.add_argument("--times", type=int, default=200, help="how often each question is asked (%(default)s)")
    reader.add_argument("--folder", type=Path, default=None, help="where files are made: on the disk to be measured")
    reader.add_argument("--write", action="store_true", help="write docs/performance-growth.md, too")
    given = reader.parse_args()
    with TemporaryDirectory(prefix="crmkit-growth-", dir=given.folder) as folder:
        sizes = [size for size in SIZES if size <= given.largest] or [given.largest]
        by_size = {size: _of_size(Path(folder), size, given.times) for size in sizes}
        streamed = _streamed(Path(folder) / f"{sizes[-1]}.db")
        histories = [count for count in HISTORIES if count <= given.longest]
        by_history = {count: _of_history(Path(folder), count, given.times) for count in histories}
    text = page(by_size, by_history, sizes[-1], streamed)
    print(text)
    if given.write:
        PAGE.write_text(text, encoding="utf-8")


def _of_size(folder: Path, clients: int, times: int) -> Mapping[str, float]:
    """Microseconds for each question to a store of so many clients."""
    print(f"{clients:,} clients", file=sys.stderr, flush=True)
    contender = Itself(target(f"sqlite:///{folder / f'{clients}.db'}"))
    contender.load(clients)
    crm, ids = contender.crm, [contender.ident(workload.carded(n, clients)) for n in range(times)]
    questions: dict[str, Question] = {
        "find by phone": lambda n: contender.find(workload.phone(n * 7919 % clients)),
        "card": lambda n: contender.card(ids[n]),
        "list, page 1": lambda _: _read(crm, lambda tx: tx.clients.list()),
        "list by last touch, page 1": lambda _: _read(crm, lambda tx: tx.clients.list(order_by="-last_touched_at")),
        "search by name": lambda _: _read(crm, lambda tx: tx.clients.list(text="anna", limit=20)),
        "board": lambda _: _read(crm, lambda tx: tx.deals.board()),
        "agenda": lambda _: _read(crm, lambda tx: tx.tasks.agenda()),
        "timeline, page 1": lambda n: _read(crm, lambda tx: tx.touchpoints.timeline(ids[n])),
        "record a touchpoint": lambda n: contender.log(ids[n], workload.logged(n, clients)[1]),
    }
    if clients > FAR * 50:
        after = _behind(crm, FAR * 50)
        questions[f"list, page {FAR:,}"] = lambda _: _read(crm, lambda tx: tx.clients.list(after=after))
    found = {name: _median(question, times) for name, question in questions.items()}
    contender.close()
    return found


def _of_history(folder: Path, count: int, times: int) -> Mapping[str, float]:
    """Microseconds for what is asked of one client with so many touchpoints."""
    contender = Itself(target(f"sqlite:///{folder / f'history-{count}.db'}"))
    contender.load(100)
    crm, id = contender.crm, contender.ident(99)
    for start in range(0, count, 1_000):
        with crm.begin() as tx:
            for n in range(start, min(count, start + 1_000)):
                at = rows.instant(workload.NOW + n * 1000)
                tx.touchpoints.record(id, channel="call", direction="inbound", at=at, summary=f"call {n}")
    found = {
        "card": _median(lambda _: contender.card(id), times),
        "timeline, page 1": _median(lambda _: _read(crm, lambda tx: tx.touchpoints.timeline(id)), times),
        "record a touchpoint": _median(lambda n: contender.log(id, workload.logged(n, 100)[1]), times),
    }
    contender.close()
    return found


def _streamed(file: Path) -> float:
    """Megabytes above idle while every client of a store is read: in a process that has held nothing else before."""
    ask = f"import growth; from pathlib import Path; print(growth.streaming(Path({str(file)!r})))"
    command = [sys.executable, "-c", ask]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PLACE)  # noqa: S603  # our own
    return float(done.stdout)


def streaming(file: Path) -> float:
    """The same, of the process that asks."""
    contender = Itself(target(f"sqlite:///{file}"))
    contender.open()
    with contender.crm.read() as tx:
        tx.clients.count()
        resident, read = Resident(), 0
        for _ in tx.clients.stream():
            read += 1
        above = resident.peak() - resident.start
        assert read == tx.clients.count()
    contender.close()
    return above


def _read(crm: CRM, ask: Callable[[Any], Any]) -> Any:
    with crm.read() as tx:
        return ask(tx)


def _behind(crm: CRM, place: int) -> str:
    """Where a page begins that is so far behind."""
    after = None
    with crm.read() as tx:
        for _ in range(place // 1_000):
            after = tx.clients.list(limit=1_000, after=after).next
    assert after is not None
    return after


def _median(question: Question, times: int) -> float:
    """Asked so often, or for two seconds."""
    taken: list[float] = []
    began = perf_counter()
    for n in range(times):
        started = perf_counter()
        question(n)
        taken.append(perf_counter() - started)
        if perf_counter() - began > 2 and len(taken) > 2:
            break
    return median(taken) * 1e6


def table(found: Mapping[int, Mapping[str, float]], head: str) -> str:
    """A row for each question, a column for each size."""
    sizes = list(found)
    names: Sequence[str] = list(found[sizes[-1]])
    lines = [f"| {head} | {' | '.join(f'{size:,}' for size in sizes)} |", f"|---|{'--:|' * len(sizes)}"]
    for name in names:
        cells = [f"{found[size][name]:,.0f}" if name in found[size] else "–" for size in sizes]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def page(
    by_size: Mapping[int, Mapping[str, float]], by_history: Mapping[int, Mapping[str, float]], most: int, above: float
) -> str:
    """The page of the documentation."""
    return f"""# What grows with the store

Medians in microseconds on SQLite, of one run of `python benchmarks/growth.py --write`.
{report.machine()}.

{table(by_size, "clients")}

{table(by_history, "touchpoints of one client")}

While all {most:,} clients are streamed, the process holds {above:.0f} MB above what it held idle.

Why some lines grow:

- *List by last touch* sorts whom it finds: an index would have to be kept up by every touchpoint, which is recorded far more often than such a list is read.
- *Search by name* sorts whom it finds, too, newest first: one name in so many is that of ever more clients. A narrower question costs less.
- The *board* counts and adds up all that is open, column by column, whatever it shows of it: its time is that of the open deals.
- What grows a little and then no more is the depth of the trees, and that a larger file no longer lies in the processor's caches.
"""


if __name__ == "__main__":
    main()
