"""Who takes part, and where each keeps its data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs
from peers.client import PeerProcess
from peers.environments import PEERS, python_of

_OURS: Final = Path(__file__).resolve().parents[1] / "contenders"
#: Ours by name: what each is called in a table, and its program.
OURS: Final = {
    "raw": ("raw, crmkit's rows", "raw.py"),
    "business": ("raw, business rows only", "business.py"),
    "crmkit": ("crmkit", "all_scope.py"),
    "own": ("crmkit, own scope", "own_scope.py"),
    "wall": ("crmkit, own scope, wall up", "walled_scope.py"),
}
#: Of W1, W2, W4 and W5, how many operations a round has, where it is not as many as asked: Tryton takes its time.
FEWER: Final = {"tryton": {"W1": 10, "W2": 10, "W4": 20, "W5": 5}}


@attrs.frozen
class Contender:
    """One who takes part: its name, what tables call it, and the process that does the work."""

    name: str
    title: str
    process: PeerProcess

    def count(self, workload: str, asked: int) -> int:
        """How many operations of a workload it does in a round of so many."""
        few = FEWER.get(self.name)
        return asked if few is None else max(1, asked // few[workload])


def started(name: str, place: Callable[[str], str], environments: Path) -> Contender:
    """Start one, in a place of its own. LookupError for a name that is nobody's, NotInstalled if pip fails."""
    url = place(name)
    if name in OURS:
        title, program = OURS[name]
        return Contender(name, title, PeerProcess(name, sys.executable, url, _OURS / program))
    if name not in PEERS:
        raise LookupError(f"There is no contender {name!r}; there are {', '.join((*OURS, *PEERS))}.")
    process = PeerProcess(name, python_of(name, environments), url)
    return Contender(name, str(process.ask("about")["name"]), process)
