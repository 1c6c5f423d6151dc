"""C1: once a no is said, nothing is begun that it forbids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from promises.figures import Figure
from promises.scales import scales
from promises.withdrawals import Race

from crmkit.domain.consent import Decision
from crmkit.services import sending

Tell = Callable[..., Figure]
#: A server's transactions cost more: a share of the trials.
SHARE = {"memory": 1, "sqlite": 1, "postgresql": 10}


@pytest.fixture
def url(request: pytest.FixtureRequest, database: str, memory_folder: Path) -> str:
    """An empty store on the database that the test is run with."""
    if database == "memory":
        return "memory://"
    return f"sqlite:///{memory_folder}/crm.db" if database == "sqlite" else request.getfixturevalue(f"{database}_url")


@pytest.mark.parametrize("database", SHARE)
@scales(plain=200, heavy=2_000)
def test_nothing_goes_out_behind_a_no(url: str, database: str, run: str, scale: int, tell: Tell) -> None:
    """Eight send while somebody says no: each message has gone by an attempt before the no, or is held back."""
    race = Race(url, seed=scale)
    with closing(race.crm):
        race.run(scale // SHARE[database] if run == "plain" else scale)
        told, version = race.told(), "" if database == "memory" else race.crm.health().storage
    tell("C1", database, run, told, version)
    assert (0, 0, 0) == (race.late, race.endless, race.unwritten)
    assert race.sent
    assert race.held_back


@pytest.mark.parametrize("database", ["memory", "postgresql"])
def test_without_the_second_decision_it_would_be_noticed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The race bites: whoever trusts what was decided when the message was queued sends behind a no."""

    def trusting(*_: object) -> Decision:
        return Decision(True, "granted")

    monkeypatch.setattr(sending, "decided", trusting)
    assert _noticed(url)


@pytest.mark.parametrize("database", ["postgresql"])
def test_without_the_lock_it_would_be_noticed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where transactions run at once, one that decides while a no is being committed does not see it."""

    def unlocked(unit: Any, client_id: Any) -> Mapping[Any, int]:
        return {client_id: 0, **unit.store.consent_heads(client_id)}

    monkeypatch.setattr(sending, "locked_heads", unlocked)
    assert _noticed(url)


def _noticed(url: str) -> bool:
    """Whether any of many trials counts what must never be."""
    race = Race(url, seed=1)
    with closing(race.crm):
        for _ in range(60):
            race.run(5)
            if race.late:
                return True
    return False
