from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from peers import workload
from peers.client import PeerFailed, PeerProcess
from peers.peer import Peer
from peers.serving import Serving
from peers.target import Target
from peers.workload import Client, Outcome, Touch

pytest.importorskip("sqlalchemy", reason="The peer of these tests is SQLAlchemy, which is not installed.")

CLIENTS = 50


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[PeerProcess]:
    with PeerProcess("sqlalchemy_core", sys.executable, f"sqlite:///{tmp_path}/peer.db") as process:
        yield process


def test_a_peer_does_every_workload_rightly(peer: PeerProcess) -> None:
    """Only right answers are worth measuring."""
    peer.ask("load", clients=CLIENTS)
    ran = {name: peer.ask("run", workload=name, first=3, count=5) for name in ("W1", "W2", "W4", "W5")}
    assert dict.fromkeys(ran, (5, 0)) == {name: (len(one["nanoseconds"]), one["wrong"]) for name, one in ran.items()}
    asked = peer.ask("ask")
    assert (len(workload.outcomes(CLIENTS)), 0) == (asked["rows"], asked["wrong"])
    filled = peer.ask("bulk", clients=CLIENTS)
    assert (CLIENTS * 3, 0) == (filled["rows"], filled["wrong"])


def test_a_peer_tells_its_name_and_versions(peer: PeerProcess) -> None:
    """A figure without a version cannot be repeated."""
    about = peer.ask("about")
    assert ("SQLAlchemy Core", ["SQLAlchemy"]) == (about["name"], list(about["versions"]))


def test_a_peer_goes_on_after_an_error(peer: PeerProcess) -> None:
    """What one question broke must not cost the hour that loading took."""
    with pytest.raises(PeerFailed, match="load first"):
        peer.ask("run", workload="W4", first=0, count=1)
    assert {"ok": True} == peer.ask("load", clients=CLIENTS)


def test_a_peer_that_died_is_told_with_its_last_words() -> None:
    """Whoever reads the failure sees no other output of that process."""
    with (
        PeerProcess("sqlalchemy_core", sys.executable, "mysql://nobody") as dead,
        pytest.raises(PeerFailed, match=r"sqlalchemy_core (died|is gone)[\s\S]*Peers take memory://"),
    ):
        dead.ask("load", clients=CLIENTS)


def test_a_silent_peer_is_not_waited_for_without_end(peer: PeerProcess) -> None:
    """A run of hours must not hang on one peer."""
    with pytest.raises(PeerFailed, match="did not load within 0 s"):
        peer.ask("load", clients=CLIENTS, patience=0)
    with pytest.raises(PeerFailed, match=r"died|is gone"):
        peer.ask("about")


class Remembering(Peer):
    """A peer of dicts, which answers wrongly when it is told to."""

    name = "dicts"
    packages = ()

    def __init__(self, *, lying: bool = False) -> None:
        super().__init__(Target("memory"))
        self._lying = lying
        self._clients: dict[str, str] = {}
        self.logged: list[tuple[int, Touch]] = []

    def load(self, clients: int) -> None:
        self.fill(map(workload.registered, range(clients)))

    def empty(self) -> None:
        self._clients.clear()

    def register(self, client: Client) -> None:
        self._clients[client.points[0].normalised] = client.name

    def log(self, ident: Any, touch: Touch) -> None:
        self.logged.append((ident, touch))

    def fill(self, given: Iterator[Client]) -> None:
        for client in given:
            self.register(client)

    def find(self, phone: str) -> Sequence[str]:
        return ["Nobody"] if self._lying else [self._clients[phone]] if phone in self._clients else []

    def names(self, found: Sequence[str]) -> list[str]:
        return list(found)

    def card(self, ident: Any) -> tuple[Any, ...]:
        i = ident - 1
        kept = min(workload.LAST_TOUCHES, workload.touches(i)) - self._lying
        open_deals = [each for each in workload.deals(i) if each.stage == "open"]
        return i, workload.registered(i).points, range(kept), open_deals, [workload.registered(i).consent]

    def ask(self) -> Sequence[Any]:
        if not self._lying:
            return super().ask()
        return [(0, "Nobody", True, False, False)]

    def close(self) -> None:
        """Nothing to let go of."""


@pytest.mark.parametrize(("lying", "wrong"), [(False, [0, 0]), (True, [20, 20])])
def test_each_wrong_answer_is_counted(lying: bool, wrong: list[int]) -> None:
    """A fast answer that is wrong is no answer."""
    serving = Serving(Remembering(lying=lying))
    serving.answer({"do": "load", "clients": CLIENTS})
    answers = [serving.answer({"do": "run", "workload": name, "first": 0, "count": 20}) for name in ("W4", "W5")]
    assert wrong == [answer["wrong"] for answer in answers]


def test_every_row_of_the_question_is_compared() -> None:
    """A row too many is as wrong as each row that is missing."""
    serving = Serving(Remembering(lying=True))
    serving.answer({"do": "load", "clients": CLIENTS})
    assert len(workload.outcomes(CLIENTS)) + 1 == serving.answer({"do": "ask"})["wrong"]


def test_a_client_that_was_not_kept_is_noticed() -> None:
    """W1 and W3 are checked by finding whom they should have kept."""
    serving = Serving(Remembering(lying=True))
    serving.answer({"do": "load", "clients": CLIENTS})
    assert 1 == serving.answer({"do": "run", "workload": "W1", "first": 0, "count": 3})["wrong"]
    assert 2 == serving.answer({"do": "bulk", "clients": CLIENTS})["wrong"]


def test_what_a_peer_cannot_do_it_says_and_why() -> None:
    """A peer that lacks one workload is still compared in the others."""
    serving = Serving(Remembering())
    serving.answer({"do": "load", "clients": CLIENTS})
    assert {"unsupported": "It has no query for this question."} == serving.answer({"do": "ask"})


def test_operations_are_numbered_on_from_the_first_asked_for() -> None:
    """Rounds go on where the last one ended, so that no operation is done twice."""
    peer = Remembering()
    serving = Serving(peer)
    serving.answer({"do": "load", "clients": CLIENTS})
    for first in (0, 4):
        serving.answer({"do": "run", "workload": "W2", "first": first, "count": 4})
    assert [workload.logged(n, CLIENTS) for n in range(8)] == [(ident - 1, touch) for ident, touch in peer.logged]


def test_outcomes_are_read_as_yes_and_no() -> None:
    """Databases say 1 and 0, objects say True and False."""
    assert [("A", Outcome(True, False, True))] == list(Remembering().outcomes([(1, "A", 1, 0, True)]))
