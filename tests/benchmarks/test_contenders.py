"""The limits are honest ones: what they write and answer is what crmkit writes and answers."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from contenders.itself import Itself, OwnScope
from contenders.raw_memory import RawMemory
from contenders.raw_sqlite import ASKED, RawSQLite
from contest import report
from contest.rounds import Rounds, Turn
from peers import measuring, workload
from peers.peer import Peer
from peers.target import target

CLIENTS = 100
WRITTEN = ("crm_client", "crm_contact_point", "crm_consent", "crm_search", "crm_touchpoint", "crm_journal")
_id = re.compile("[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").sub
Make = Callable[[type[Peer]], Peer]


@pytest.fixture
def contender(tmp_path: Path) -> Make:
    """One with the base of a hundred clients."""

    def loaded(kind: type[Peer]) -> Peer:
        made = kind(target(f"sqlite:///{tmp_path}/{kind.__name__}.db"))
        made.load(CLIENTS)
        return made

    return loaded


def _rows(peer: Peer) -> dict[str, list[tuple[object, ...]]]:
    """What lies in the tables, without ids, instants of this moment, and the journal's numbers."""
    with sqlite3.connect(peer.place.file) as file:
        return {
            table: sorted(tuple(map(_plain, row)) for row in file.execute(f"SELECT * FROM {table}"))
            for table in WRITTEN
        }


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return "id"
    if isinstance(value, int) and value > 1_770_000_000_000_000:
        return "now"
    return _id("id", str(value))


@pytest.mark.parametrize("other", [Itself, OwnScope])
def test_the_limit_writes_the_rows_that_crmkit_writes(contender: Make, other: type[Peer]) -> None:
    """Row for row and column for column; only ids and the present differ."""
    raw, ours = contender(RawSQLite), contender(other)
    for one in (raw, ours):
        for n in range(5):
            one.register(workload.registered(CLIENTS + n))
            one.register(workload.registered(10_000 * CLIENTS + n))  # whose names hold what may be a number
            i, touch = workload.logged(n, CLIENTS)
            one.log(one.ident(i), touch)
        one.close()
    assert _rows(raw) == _rows(ours)


@pytest.mark.parametrize("kind", [RawSQLite, Itself, OwnScope])
@pytest.mark.parametrize("name", ["W1", "W2", "W4", "W5"])
def test_every_answer_of_a_contender_is_checked_and_right(contender: Make, kind: type[Peer], name: str) -> None:
    """A quick wrong answer would be no limit."""
    one = contender(kind)
    assert measuring.run(one, name, clients=CLIENTS, first=0, count=20)["wrong"] == 0
    one.close()


@pytest.mark.parametrize("kind", [RawSQLite, Itself, OwnScope])
def test_the_managers_question_has_one_answer(contender: Make, kind: type[Peer]) -> None:
    """From what is kept on the client, and by hand from the rows themselves."""
    one = contender(kind)
    answer = measuring.ask(one, clients=CLIENTS)
    assert (0, len(workload.outcomes(CLIENTS))) == (answer["wrong"], answer["rows"])
    if isinstance(one, RawSQLite):
        one.question = ASKED
        assert measuring.ask(one, clients=CLIENTS)["wrong"] == 0
    one.close()


@pytest.mark.parametrize("kind", [RawMemory, Itself])
def test_in_memory_clients_are_found_again(kind: type[Peer]) -> None:
    """W8 is W1 and W2 without a database."""
    one = kind(target("memory://"))
    one.load(CLIENTS)
    for name in ("W1", "W2", "W4"):
        assert measuring.run(one, name, clients=CLIENTS, first=0, count=20)["wrong"] == 0
    one.close()


def test_ratios_are_of_turns_in_the_same_round() -> None:
    """A round in which the machine was busy says nothing against whoever had a turn in it."""
    turns = {
        ("raw", "W1"): [Turn(10, 10, 10), Turn(100, 100, 100), Turn(10, 10, 10)],
        ("crmkit", "W1"): [Turn(20, 20, 20), Turn(200, 200, 200), Turn(40, 40, 40)],
    }
    rounds = Rounds(turns, {"raw": 0, "crmkit": 0})
    assert rounds.times("crmkit", "raw", "W1") == (2.0, 2.0, 4.0)
    assert rounds.share("crmkit", "raw", "W1") == 0.5
    assert report.shares(rounds, "crmkit", "raw") == "W1 0.50"
