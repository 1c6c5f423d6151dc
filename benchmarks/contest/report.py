"""What the rounds came to, as tables of Markdown."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from statistics import median
from typing import Any

from contest.contenders import Contender
from contest.rounds import WORKLOADS, Rounds

#: What each workload is, in a table's head.
TITLES: Mapping[str, str] = {
    "W1": "W1 register", "W2": "W2 touchpoint", "W4": "W4 find by phone", "W5": "W5 card",
}  # fmt: skip


def operations(rounds: Rounds, contenders: Sequence[Contender], against: str) -> str:
    """One row for each contender: rate, p50, p95, and how many times the limit's p50 it takes."""
    shown = [one for one in WORKLOADS if any((who.name, one) in rounds.turns for who in contenders)]
    lines = [
        f"| | {' | '.join(TITLES[one] for one in shown)} | wrong |",
        f"|---|{'--:|' * len(shown)}--:|",
    ]
    for who in contenders:
        cells = [_cell(rounds, who.name, one, against) for one in shown]
        lines.append(f"| {who.title} | {' | '.join(cells)} | {rounds.wrong[who.name]} |")
    return "\n".join(lines)


def _cell(rounds: Rounds, name: str, workload: str, against: str) -> str:
    if (name, workload) not in rounds.turns:
        return "–"
    rate, p50, p95 = (measure(name, workload) for measure in (rounds.rate, rounds.p50, rounds.p95))
    text = f"{rate:,.0f}/s · {p50:,.0f} / {p95:,.0f} µs"
    if name == against or (against, workload) not in rounds.turns:
        return text
    low, middle, high = rounds.times(name, against, workload)
    return f"{text} · {middle:.2f}× ({low:.2f}–{high:.2f})"


def shares(rounds: Rounds, name: str, against: str) -> str:
    """Which part of the limit's rate crmkit reaches, workload by workload."""
    shown = [one for one in WORKLOADS if (name, one) in rounds.turns and (against, one) in rounds.turns]
    return ", ".join(f"{one} {rounds.share(name, against, one):.2f}" for one in shown)


def imports(found: Mapping[str, Sequence[Mapping[str, Any]]], titles: Mapping[str, str], against: str) -> str:
    """W3: clients a second, and how much memory they took above an idle process."""
    lines = [
        "| | clients/s | of the limit | memory above idle |",
        "|---|--:|--:|--:|",
    ]
    limit = median([one["seconds"] for one in found[against]]) if against in found else None
    for name, turns in found.items():
        seconds = median([one["seconds"] for one in turns])
        clients = turns[0]["rows"] / 3
        memory = median([one["peak_rss_mb"] - one["start_rss_mb"] for one in turns])
        part = "–" if limit is None else f"{limit / seconds:.2f}"
        lines.append(f"| {titles[name]} | {clients / seconds:,.0f} | {part} | {memory:.0f} MB |")
    return "\n".join(lines)


def questions(found: Mapping[str, Sequence[Mapping[str, Any]]], titles: Mapping[str, str]) -> str:
    """W6: milliseconds for the manager's question."""
    lines = ["| | ms | rows | wrong |", "|---|--:|--:|--:|"]
    for name, turns in found.items():
        took = median([one["milliseconds"] for one in turns])
        lines.append(f"| {titles[name]} | {took:,.0f} | {turns[0]['rows']:,} | {turns[0]['wrong']} |")
    return "\n".join(lines)


def machine() -> str:
    """What the figures were taken on."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("crmkit", "SQLAlchemy", "attrs"))
    return f"CPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}, {platform.machine()}"
