"""What several processes tell, written down in one file; and whether each subject's events came in their order."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

from crmkit.events import ClientUpdated


@attrs.define
class Told:
    """A file that all append to: a line is one write, so its lines stand in the order of time."""

    file: Path
    _end: int = attrs.field(init=False)
    _counts: Counter[str] = attrs.field(init=False, factory=Counter[str])
    _counted: int = attrs.field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self._end = os.open(self.file, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def say(self, *words: str) -> None:
        """One line."""
        os.write(self._end, (" ".join(words) + "\n").encode())

    @contextmanager
    def trying(self, subscriber: str, event: ClientUpdated) -> Generator[None]:
        """One attempt: it was told unless this is left by an error."""
        self.say("try", subscriber, str(event.id))
        yield
        self.say("told", subscriber, str(event.id))

    def count(self, what: str) -> int:
        """How many lines say so by now."""
        with self.file.open() as told:
            told.seek(self._counted)
            for line in told.read().splitlines(keepends=True):
                self._counts[line.split(maxsplit=1)[0]] += 1
                self._counted += len(line)
        return self._counts[what]

    def lines(self) -> Sequence[Sequence[str]]:
        """All of them so far."""
        return [line.split() for line in self.file.read_text().splitlines()]


def compared(
    lines: Sequence[Sequence[str]], journal: Mapping[str, Sequence[str]], ordered: Sequence[str], free: Sequence[str]
) -> dict[str, int]:
    """
    What is amiss, *journal* being the ids of each subject's events in their order.

    An event may be tried when each one before it was told or is "gone", that is forgotten by an operator.
    """
    place = {event: (subject, number) for subject, events in journal.items() for number, event in enumerate(events)}
    over, told, early, tried = set[tuple[str, str]](), Counter[tuple[str, str]](), 0, 0
    turn = defaultdict[tuple[str, str], int](int)
    for what, subscriber, event in (words for words in lines if len(words) == 3):
        subject, number = place[event]
        if what != "try":
            over.add((subscriber, event))
            told[subscriber, event] += what == "told"
            continue
        tried += 1
        if subscriber in ordered:
            while (at := turn[subscriber, subject]) < number and (subscriber, journal[subject][at]) in over:
                turn[subscriber, subject] += 1
            early += at < number
    wanted = {(subscriber, event) for subscriber in (*ordered, *free) for event in place}
    return {
        "events": len(place), "subjects": len(journal), "tries": tried, "out of order": early,
        "lost": len(wanted - over), "told again": sum(count - 1 for count in told.values() if count),
    }  # fmt: skip
