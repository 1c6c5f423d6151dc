"""
A peer's side of the conversation: a question a line, an answer a line, both JSON.

| question | answer |
|---|---|
| `{"do": "about"}` | `{"name": …, "versions": {…}}` |
| `{"do": "load", "clients": n}` | `{"ok": true}`, when schema and base are there |
| `{"do": "run", "workload": "W1", "first": i, "count": n}` | `{"nanoseconds": […], "wrong": 0}`; W2, W4 and W5 too |
| `{"do": "bulk", "clients": n}` | `{"seconds": …, "rows": …, "wrong": 0, "start_rss_mb": …, "peak_rss_mb": …}` |
| `{"do": "ask"}` | `{"milliseconds": …, "rows": …, "wrong": 0}` |
| `{"do": "end"}` | `{"ok": true}`, and the process ends |

What a peer cannot do is answered with `{"unsupported": why}`, what failed with `{"error": what}`; it goes on after both.
`run` and `ask` need `load` before them, and `bulk` leaves another schema behind than they need.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib.metadata import version
from typing import Any

from peers import measuring
from peers.peer import Peer, Unsupported
from peers.target import target


class Serving:
    """One peer, and what it has loaded."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._clients = 0

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked; an error is an answer too."""
        asked = dict(question)
        do = asked.pop("do", None)
        try:
            match do:
                case "about":
                    return {"name": self._peer.name, "versions": {name: version(name) for name in self._peer.packages}}
                case "load":
                    return self._load(**asked)
                case "run":
                    return measuring.run(self._peer, asked.pop("workload"), clients=self._loaded(), **asked)
                case "bulk":
                    self._clients = 0
                    return measuring.bulk(self._peer, **asked)
                case "ask":
                    return measuring.ask(self._peer, clients=self._loaded())
                case "end":
                    self._peer.close()
                    return {"ok": True}
                case _:
                    return {"error": f"Nobody taught me to do {do!r}."}
        except Unsupported as why:
            return {"unsupported": str(why)}
        except Exception as error:  # noqa: BLE001  # the other side decides what to do without this answer
            traceback.print_exc()
            return {"error": f"{type(error).__name__}: {error}"[:500]}

    def _load(self, clients: int) -> dict[str, Any]:
        self._clients = 0
        self._peer.load(clients)
        self._clients = clients
        return {"ok": True}

    def _loaded(self) -> int:
        if not self._clients:
            raise ValueError("Nothing is loaded: load first.")
        return self._clients


def serve(kind: type[Peer]) -> None:
    """Answer until the end, for the database that the command line names."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    # What a package prints shall not be taken for an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serving = Serving(kind(target(sys.argv[1])))
    for line in sys.stdin:
        question = json.loads(line)
        print(json.dumps(serving.answer(question)), file=answers)
        if question.get("do") == "end":
            return
