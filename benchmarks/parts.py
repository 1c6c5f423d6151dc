"""
Where the time goes: each verb's own time by the room of the house that spends it.

    python benchmarks/parts.py            # prints; with --write it makes docs/performance-parts.md

The time of one operation is taken without a profiler; the shares with one (cProfile), which makes many small calls look
dearer than they are. SQLite here waits for no disk, so that only work is seen.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import attrs
from contenders.itself import Itself
from contenders.raw_memory import RawMemory
from contenders.raw_sqlite import RawSQLite
from contest import report
from peers import workload
from peers.peer import Peer
from peers.target import target

import crmkit

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance-parts.md"
HOUSE = f"{Path(crmkit.__file__).parent}/"
#: What is printed, in this order.
ROOMS = ("database", "storage", "services", "domain", "doors", "plugins", "Python")
#: The first part of a module's path, and whose it is.
OF = {
    "storage": "storage", "ports": "storage", "services": "services", "domain": "domain", "fields": "domain",
    "crm": "doors", "plugins": "plugins",
}  # fmt: skip


@attrs.frozen
class Parts:
    """Of one operation: microseconds by hand and by crmkit, calls, and the share of each room in the latter."""

    by_hand: float
    by_crmkit: float
    calls: float
    shares: Mapping[str, float]


def main() -> None:
    """Measure, print, and write the page if asked to."""
    reader = argparse.ArgumentParser(description="Where the time goes.")
    reader.add_argument("--clients", type=int, default=20_000, help="how many there are (%(default)s)")
    reader.add_argument("--count", type=int, default=2_000, help="operations of a round (%(default)s)")
    reader.add_argument("--write", action="store_true", help="write docs/performance-parts.md, too")
    given = reader.parse_args()
    with TemporaryDirectory(prefix="crmkit-parts-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:  # noqa: S108
        sqlite = target(f"sqlite:///{folder}/parts.db?synchronous=OFF")
        on_sqlite = _parts(RawSQLite(sqlite), Itself(sqlite), given.clients, given.count)
    memory = target("memory://")
    in_memory = _parts(RawMemory(memory), Itself(memory), min(given.clients, 5_000), given.count)
    text = page({"SQLite, waiting for no disk": on_sqlite, "memory": in_memory})
    print(text)
    if given.write:
        PAGE.write_text(text, encoding="utf-8")


def _parts(raw: RawSQLite | RawMemory, itself: Itself, clients: int, count: int) -> Mapping[str, Parts]:
    itself.load(clients)
    if isinstance(raw, RawMemory):
        raw.load(clients)
    else:
        raw.open()
    found: dict[str, Parts] = {}
    for name in ("register", "touchpoint", "find by phone", "card"):
        ways = [_way(peer, name, clients, first) for peer, first in ((raw, clients), (itself, 2 * clients))]
        if name == "card" and isinstance(raw, RawMemory):
            continue  # by hand there is none
        print(name, file=sys.stderr, flush=True)
        hand, ours = (_median(way, count) for way in ways)
        calls, shares = _shares(ways[1], count)
        found[name] = Parts(hand, ours, calls, shares)
    for peer in (raw, itself):
        peer.close()
    return found


def _way(peer: Peer, name: str, clients: int, first: int) -> Callable[[int], Any]:
    """The n-th operation of this name."""
    if name == "register":
        return lambda n: peer.register(workload.registered(first + n))
    if name == "touchpoint":
        return lambda n: peer.log(*_logged(peer, n, clients))
    if name == "card":
        return lambda n: peer.card(peer.ident(workload.carded(n, clients)))
    return lambda n: peer.find(workload.phone(n * 7919 % clients))


def _logged(peer: Peer, n: int, clients: int) -> tuple[Any, workload.Touch]:
    whose, touch = workload.logged(n, clients)
    return peer.ident(whose), touch


def _median(way: Callable[[int], Any], count: int) -> float:
    """Of the quiet half of a round."""
    gc.collect()
    taken: list[float] = []
    for n in range(count):
        started = perf_counter()
        way(n)
        taken.append(perf_counter() - started)
    return sorted(taken)[count // 2] * 1e6


def _shares(way: Callable[[int], Any], count: int) -> tuple[float, Mapping[str, float]]:
    profile = cProfile.Profile()
    profile.enable()
    for n in range(count, 2 * count):
        way(n)
    profile.disable()
    own, calls = defaultdict[str, float](float), 0
    taken: Mapping[tuple[str, int, str], tuple[int, int, float, float, object]]
    taken = vars(pstats.Stats(profile))["stats"]
    for (file, _, function), (_, times, seconds, _, _) in taken.items():
        if (room := _room(file, function)) is not None:
            own[room] += seconds
            calls += times
    total = sum(own.values())
    return calls / count, {room: own[room] / total for room in ROOMS}


def _room(file: str, function: str) -> str | None:
    """Whose a function is; None for what the measuring itself takes."""
    if file.startswith(HOUSE):
        return OF.get(file[len(HOUSE) :].partition("/")[0].removesuffix(".py"), "doors")
    if "sqlite3" in function:
        return "database"
    return None if f"{PAGE.parents[1]}/benchmarks" in file else "Python"


def page(found: Mapping[str, Mapping[str, Parts]]) -> str:
    """The page of the documentation."""
    blocks = [f"## On {where}\n\n{_table(parts)}" for where, parts in found.items()]
    return f"""# Where the time goes

Medians of one run of `python benchmarks/parts.py --write`, in microseconds, and the shares of a profiler.
{report.machine()}.

*Database* is the driver with all that SQLite does, *storage* makes statements' rows of records and records of rows, *services* are the verbs with their checks, *domain* the values, *doors* beginning and ending a transaction, *Python* what all of them call there.

{chr(10).join(blocks)}"""


def _table(parts: Mapping[str, Parts]) -> str:
    lines = [
        f"| | by hand | crmkit | calls | {' | '.join(ROOMS)} |",
        f"|---|--:|--:|--:|{'--:|' * len(ROOMS)}",
        *(
            f"| {name} | {one.by_hand:,.0f} | {one.by_crmkit:,.0f} | {one.calls:,.0f} | "
            f"{' | '.join(f'{one.shares[room]:.0%}' for room in ROOMS)} |"
            for name, one in parts.items()
        ),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
