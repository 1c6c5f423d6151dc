"""
How fast crmkit is beside what a careful programmer would write by hand, and beside its peers.

    python benchmarks/speed.py                                  # SQLite, crmkit and its limits
    python benchmarks/speed.py --database postgresql
    python benchmarks/speed.py --peers all --clients 100000     # each peer in an environment that this makes

Every contender is a process of its own that stays alive; they take turns, and ratios are of turns in the same round.
Nothing is asserted: the figures are a picture of one machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from contest import report
from contest.contenders import OURS, Contender, started
from contest.places import places
from contest.rounds import WORKLOADS, Rounds, held
from peers.environments import PEERS

DOCS = Path(__file__).resolve().parents[1] / "docs"
#: Whom all are compared with.
LIMIT = "raw"
Found = Mapping[str, Sequence[Mapping[str, Any]]]
NOTHING: Found = {}
METHOD = """\
Medians of {rounds} rounds of {count} operations on {clients:,} clients, written by `python {command}`.
{machine}; {day:%Y-%m-%d}.

Operations a second, then the time of one (half of them, and 19 of 20, took no longer), then how many times the limit's
time that is: the median of the rounds, with the lowest and the highest.\
"""


def main() -> None:
    """Measure, print, and write the page if asked to."""
    given = _asked()
    names = [*given.contenders.split(","), *(PEERS if given.peers == "all" else filter(None, given.peers.split(",")))]
    with ExitStack() as stack:
        place = stack.enter_context(places(given.database, given.durability, given.folder))
        contenders = [started(name, place, given.environments) for name in names]
        for one in contenders:
            stack.enter_context(one.process)
            say(f"loading {given.clients:,} clients: {one.title}")
            one.process.ask("load", clients=given.clients)
        works = WORKLOADS if given.database != "memory" else ("W1", "W2", "W4")
        rounds = held(contenders, given.rounds, given.count, say, works)
        stored = given.database != "memory"
        asked = several(contenders, given.rounds, "W6", "ask") if stored else NOTHING
        filled = several(contenders, 3, "W3", "bulk", clients=given.bulk) if stored and given.bulk else NOTHING
    text = page(given, contenders, rounds, asked, filled)
    print(text)
    if given.write:
        ending = "" if given.durability == "FULL" or given.database != "sqlite" else f"-{given.durability.lower()}"
        ending += "-peers" if given.peers else ""
        (DOCS / f"performance-{given.database}{ending}.md").write_text(text, encoding="utf-8")


def several(contenders: Sequence[Contender], times: int, what: str, do: str, **details: Any) -> Found:
    """Ask everybody for one thing, several times in turn; who cannot is left out."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for number in range(times):
        say(f"{what}, {number + 1} of {times}")
        for one in contenders if number % 2 else reversed(contenders):
            answer = one.process.ask(do, **details)
            if "unsupported" not in answer:
                found.setdefault(one.name, []).append(answer)
    return {one.name: found[one.name] for one in contenders if one.name in found}


def page(
    given: argparse.Namespace, contenders: Sequence[Contender], rounds: Rounds, asked: Found, filled: Found
) -> str:
    """The page of the documentation."""
    titles = {one.name: one.title for one in contenders}
    where = {"sqlite": f"SQLite, synchronous={given.durability}", "postgresql": "PostgreSQL", "memory": "memory"}
    parts = [
        f"# Speed on {where[given.database]}",
        METHOD.format(
            rounds=given.rounds,
            count=given.count,
            clients=given.clients,
            command=" ".join(["benchmarks/speed.py", *sys.argv[1:]]),
            machine=report.machine(),
            day=datetime.now(UTC),
        ),
        report.operations(rounds, contenders, LIMIT),
    ]
    if {LIMIT, "crmkit"} <= titles.keys():
        parts.append(f"Of the limit's rate crmkit reaches: {report.shares(rounds, 'crmkit', LIMIT)}.")
    if asked:
        parts += ["## Who bought, lost a deal or complained within a year (W6)", report.questions(asked, titles)]
    if filled:
        parts += [
            f"## Importing {given.bulk:,} clients with two contact points each (W3)",
            report.imports(filled, titles, LIMIT),
        ]
    return "\n\n".join(parts) + "\n"


def say(text: str) -> None:
    """Show how far it is."""
    print(text, file=sys.stderr, flush=True)


def _asked() -> argparse.Namespace:
    reader = argparse.ArgumentParser(description="How fast crmkit is beside its limits and its peers.")
    reader.add_argument("--database", choices=("sqlite", "postgresql", "memory"), default="sqlite")
    reader.add_argument("--durability", choices=("FULL", "NORMAL"), default="FULL", help="SQLite's synchronous")
    reader.add_argument("--clients", type=int, default=20_000, help="how many there are beforehand (%(default)s)")
    reader.add_argument("--rounds", type=int, default=7, help="how often everybody has a turn (%(default)s)")
    reader.add_argument("--count", type=int, default=300, help="operations of a turn (%(default)s)")
    reader.add_argument("--bulk", type=int, default=0, metavar="CLIENTS", help="how many W3 imports (none)")
    reader.add_argument("--contenders", default="raw,crmkit,own", help=f"of {', '.join(OURS)} (%(default)s)")
    reader.add_argument("--peers", default="", help=f"all, or some of {', '.join(PEERS)}")
    reader.add_argument("--folder", type=Path, default=None, help="where files are made: on the disk to be measured")
    reader.add_argument(
        "--environments", type=Path, default=Path(gettempdir()) / "crmkit-peers", help="where peers' packages are kept"
    )
    reader.add_argument("--write", action="store_true", help="write the page of the documentation, too")
    return reader.parse_args()


if __name__ == "__main__":
    main()
