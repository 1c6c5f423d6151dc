"""docs/reliability.md, made from the figures on record: what was promised, what was done, what came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from promises.figures import Figure

PAGE = Path(__file__).parents[4] / "docs" / "reliability.md"
OPENING = """# Reliability, in figures

Every promise below is tested by a loop that kills, fails, fills or races, and counts what is left.
The figures are what the loops counted when they last ran, written by them and by nobody else:
`CRMKIT_WRITE_DOCS=1 tox -e heavy` (or `-e nightly`) runs them and writes this page.
`heavy` is what every change passes before it lands, `nightly` what is run for longer by hand.
A loop without a nightly line has not been run for longer yet.

"""
CLOSING = """## What is not tested

- Power loss. A killed process leaves the kernel what it had handed over; only a disk that loses its cache would show
  whether `synchronous=FULL` is honoured. SQLite, PostgreSQL and InnoDB are trusted with that.
- Disks that lie, and networks that hold packets back: servers are reached over a local socket here.
- MySQL. A server that is no MariaDB is refused.
"""
#: What is promised, and how it is tried.
PROMISES = {
    "R1": (
        "A command that returned is durable; one that did not is wholly there or wholly absent",
        (
            "A process that writes is killed at a random instant (SIGKILL), over and over. Client, contact points, deal, steps, "
            "consent, journal entry and idempotency key of each command are looked for afterwards."
        ),
    ),
    "R2": (
        "What was committed is told to everybody who must hear it",
        (
            "Eight processes commit, each after a delay of its own, while two relays tell two subscribers. A cursor, which "
            "asks the journal for what is behind the last position it saw, reads along: what it overlooked is why none is used. "
            "In order: two relays, one of which is killed now and then, and two threads tell observers that fail, wait, or are "
            "left alone, while an operator retries and forgets; no event of a subject may be tried before the one ahead of it "
            "was told or forgotten."
        ),
    ),
    "R3": (
        "Who takes over from a relay that stopped is not disturbed when it wakes up",
        (
            "A relay is stopped in the middle of a handler (SIGSTOP), or killed (SIGKILL). Its lease of one second passes, "
            "another relay takes over, and the first one goes on, before the second is done or after. Each delivery may be "
            "marked as told by one of them only, and be retaken within a second after the lease."
        ),
    ),
    "R4": (
        "Whenever a relay is killed, everything is told, and done once",
        (
            "A relay is killed at a random instant (SIGKILL), over and over. It tells a sink, which does a thing once for each "
            "key and dies now and then, before it did it or after, and an observer that writes into the store under `ctx.once`."
        ),
    ),
    "R5": (
        "A failure of the storage leaves the store as it was, and the error says what to do",
        (
            "For every verb, the first, second, third … call to the driver fails, until the verb gets through, with an error "
            "that the driver really raises: in turn another one for each verb, in a nightly run each of them. And under a "
            "key, each call is cut off for real, before the server did it and after: the socket is shut, the server told to "
            "deadlock, the caller interrupted; the command is run until it is answered. Each time every record, the "
            "journal and the key are compared."
        ),
    ),
    "R6": (
        "A full disk stops one command, and nothing else",
        "A small disk is filled up; commands run until it is full, then the store is read, room is made, and the next one works.",
    ),
    "R7": ("Who waits for a lock is not turned away", "Eight processes write to one store as fast as they can."),
    "R11": (
        "Nobody overwrites what they have not seen",
        "Sixteen writers change one client, each upon the version it read; who is overtaken begins anew.",
    ),
    "R12": (
        "Merging at once ends in one client of each, with everything under it",
        "Eight threads merge random pairs, somebody always the other way round; then roots and counts are compared.",
    ),
    "R13": (
        "An upgrade of a store in use stops nobody and can be interrupted anywhere",
        (
            "A store made by the first revision is upgraded while an older crmkit writes to it; and an upgrade is killed "
            "before its first, second, third … statement, and run again."
        ),
    ),
    "R14": (
        "A server that goes away and comes back loses nothing it acknowledged, and nothing is done twice",
        "A server is crashed and started under four writers, who run each command under its key until it is answered.",
    ),
    "R15": (
        "An import that is killed goes on where it was, no row twice and none left out",
        (
            "An import under a key is killed at a random instant (SIGKILL) and started again, over and over, each time with "
            "the same rows; after every kill no chunk may be half there. Once it comes to its end, the store and the journal "
            "are compared with those of one clean import."
        ),
    ),
    "R18": (
        "All storages give the same answers",
        "One random history is played to each of them, and every answer and journal is compared.",
    ),
    "C1": (
        "Nothing is sent behind a no",
        (
            "Eight threads each send a message to one client, who says no at a random instant meanwhile. Each message must have "
            "gone by an attempt that was written down before the no, or be held back; the time from the commit of an attempt to "
            "its channel is how long a no that comes then is too late."
        ),
    ),
    "C18": (
        "Whoever changes the journal is found out",
        (
            "A sealed journal is written to past crmkit, over and over: a column of an entry is edited, an entry deleted, inserted, "
            "moved, copied over another, two swapped; a seal is edited or deleted, its link worked out or not; the end is cut off "
            "behind a head; the chain is made anew. Each must be named, with its position, and nothing else. Writers: eight "
            "commit and seal at once; every entry must be in one seal, and every seal follow the one before it."
        ),
    ),
    "S11": (
        "No person's data in errors and logs",
        "Marked texts are looked for in every error of R5, what hangs on it, and every log record.",
    ),
}


def page(figures: Iterable[Figure]) -> str:
    """The whole page."""
    return OPENING + "".join(_of(list(figures))) + CLOSING


def _of(figures: list[Figure]) -> Iterator[str]:
    for promise, (promised, done) in PROMISES.items():
        mine = [figure for figure in figures if figure.promise == promise]
        if not mine:
            continue
        yield f"## {promised}\n\n{done}\n\n| where | run | counted | seconds | on | when |\n|---|---|---|---|---|---|\n"
        for one in mine:
            yield f"| {one.case} | {one.run} | {one.told()} | {one.seconds:,.0f} | {one.stands_on} | {one.date} |\n"
        yield "\n"
