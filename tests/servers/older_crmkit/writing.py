"""A process of the older crmkit that writes all the time and says what it has committed."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import attrs

from crmkit import Money
from crmkit.testing import a_client, a_contact_point, a_purchase
from older_crmkit.store import Change, OlderStore

#: Between two commits, in seconds: one busy shop.
REST = 0.004


class Writer:
    """Started at once; `stop()` lets it finish its commit and gives all of them with the longest in seconds."""

    def __init__(self, url: str, folder: Path) -> None:
        self._said, self._end = folder / "said", folder / "end"
        self._end.unlink(missing_ok=True)
        places = [place for place in sys.path if place]
        call = f"import sys; sys.path[:0] = {places!r}; from older_crmkit.writing import main; main(*sys.argv[1:])"
        self._process = subprocess.Popen(
            [sys.executable, "-c", call, url, str(self._said), str(self._end)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout
        assert self._process.stdout.readline() == "writing\n", self._process.communicate()

    def commits(self) -> int:
        """How many were acknowledged so far."""
        return len(self._read()[0])

    def stop(self) -> tuple[list[Change], float]:
        self._end.touch()
        _, wrong = self._process.communicate(timeout=60)
        assert (0, "") == (self._process.returncode, wrong)
        return self._read()

    def _read(self) -> tuple[list[Change], float]:
        with self._said.open("rb") as said:
            changes: list[Change] = []
            longest = 0.0
            while True:
                try:
                    change, seconds = pickle.load(said)  # noqa: S301  # our own process wrote it
                except (EOFError, pickle.UnpicklingError):
                    return changes, longest  # the rest is still being written
                changes.append(change)
                longest = max(longest, seconds)


def main(url: str, said: str, end: str) -> None:
    """Write until the file *end* is there."""
    store, rest = OlderStore(url), Event()
    with Path(said).open("wb") as acknowledged:
        for number, change in enumerate(_changes(store)):
            started = time.monotonic()
            store.keep(change)
            pickle.dump((change, time.monotonic() - started), acknowledged)
            acknowledged.flush()
            if number == 0:
                sys.stdout.write("writing\n")
                sys.stdout.flush()
            if Path(end).exists():
                break
            rest.wait(REST)
    store.close()


def _changes(store: OlderStore) -> Iterator[Change]:
    """New clients with points and purchases, renamed ones, points taken away: of the oldest and the newest by turns."""
    there = list(store.records())
    old: list[Any] = [record for record in there if type(record).__name__ == "Client"]
    points: dict[Any, Any] = {record.client_id: record for record in there if type(record).__name__ == "ContactPoint"}
    number = 0
    while True:
        number += 1
        new = a_client(f"New{number}")
        yield Change(new, added=[new, a_contact_point(new, f"+4989{number:07}")])
        place = (number * 7919) % len(old)
        old[place] = attrs.evolve(old[place], name=f"Renamed{number}", version=old[place].version + 1)
        yield Change(old[place], changed=[old[place]])
        if (gone := points.pop(old[place].id, None)) is not None:
            yield Change(old[place], removed=[gone])
        bought = a_purchase(old[place], amount=Money(number, "EUR"))
        old[place] = attrs.evolve(old[place], last_bought_at=bought.bought_at)
        yield Change(old[place], added=[bought])
