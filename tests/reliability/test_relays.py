"""R2, R3, R4: whoever dies, stops or comes late, what was committed is told to all who must hear it, and done once."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from promises.contents import version_of
from promises.figures import Figure
from promises.scales import scales

from crmkit.storage.sql import SQLStorage

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
Start = Callable[..., subprocess.Popen[str]]
Tell = Callable[..., Figure]
SQLITE = f"SQLite {sqlite3.sqlite_version}"


@pytest.fixture
def url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """An empty store on the database that the test is run with."""
    return f"sqlite:///{tmp_path}/crm.db" if database == "sqlite" else request.getfixturevalue(f"{database}_url")


def _version(url: str) -> str:
    storage = SQLStorage(url)
    try:
        return version_of(storage)
    finally:
        storage.close()


def _counted(start: Start, loop: str, patience: float, **asked: Any) -> Mapping[str, int]:
    child = start(loop, json.dumps(asked))
    told, wrong = child.communicate(timeout=60 + patience)
    assert (0, "") == (child.returncode, wrong)
    counts: Mapping[str, int] = json.loads(told)
    return counts


def _check_kills(counts: Mapping[str, int], scale: int) -> None:
    assert (scale, 0, 0) == (counts["kills"], counts["lost"], counts["doubled"])
    assert counts["while telling"] > scale / 2, "Most relays had told everything before they were killed."


@scales(plain=15, heavy=2_800, nightly=100_000)
def test_a_relay_killed_at_any_instant_loses_nothing_and_doubles_nothing(
    run: str, scale: int, memory_folder: Path, script: Start, tell: Tell
) -> None:
    """Outside, whoever honours the key does a thing once; inside, whoever asks `ctx.once` does."""
    counts = _counted(script, "relays", scale, folder=str(memory_folder), kills=scale, seed=scale)
    tell("R4", "sqlite", run, counts, SQLITE)
    _check_kills(counts, scale)
    assert run == "plain" or counts["told again"] > 0, "Nothing was told twice, so the keys prove nothing."


@scales(plain=5, heavy=200, nightly=5_000)
def test_a_relay_killed_at_any_instant_leaves_a_server_as_sound(
    run: str, scale: int, postgresql_url: str, memory_folder: Path, script: Start, tell: Tell
) -> None:
    """What it holds there, locks among it, goes with its connection."""
    asked = {"folder": str(memory_folder), "url": postgresql_url, "kills": scale, "seed": scale}
    counts = _counted(script, "relays", scale, **asked)
    tell("R4", "postgresql", run, counts, _version(postgresql_url))
    _check_kills(counts, scale)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@scales(plain=6, heavy=250, nightly=5_000)
def test_who_takes_over_from_a_relay_is_not_disturbed_when_that_wakes_up(
    url: str, database: str, run: str, scale: int, script: Start, tell: Tell
) -> None:
    """The late original marks nothing, for its claim is another's now; and nobody waits long for the other."""
    counts = _counted(script, "leases", scale, url=url, times=scale)
    tell("R3", database, run, counts, _version(url))
    assert (scale, 0, 0) == (counts["stopped"] + counts["killed"], counts["lost"], counts["doubled"])
    assert counts["ms slowest retake after the lease"] <= 1_000


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@scales(plain=200, heavy=20_000, nightly=1_000_000)
def test_what_a_crowd_commits_at_once_reaches_everybody(
    url: str, database: str, run: str, scale: int, tmp_path: Path, script: Start, tell: Tell
) -> None:
    """Positions are given before the commit, so who follows the last one overlooks whatever was slower."""
    counts = _counted(script, "crowd", scale / 50, url=url, folder=str(tmp_path), events=scale)
    tell("R2", database, run, counts, _version(url))
    assert (scale, 2, 0, 0) == tuple(counts[what] for what in ("events", "subscribers", "lost", "never happened"))
    if database == "postgresql" and run != "plain":
        assert counts["overlooked by a cursor"] > 0, "Nobody was slow, so the run proves little."


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"])
@scales(plain=60, heavy=600, nightly=50_000)
def test_each_subjects_events_are_told_in_their_order_whoever_tells(
    url: str, database: str, run: str, scale: int, memory_folder: Path, script: Start, tell: Tell
) -> None:
    """Two relays, and two threads beside those who write; whatever fails, waits, dies or is forgotten meanwhile."""
    asked = {"events": scale, "clients": max(6, scale // 30), "kills": max(2, scale // 20)}
    counts = _counted(script, "order", scale, url=url, folder=str(memory_folder), **asked)
    tell("R2", f"{database}, in order", run, counts, _version(url))
    assert (scale, 0, 0) == tuple(counts[what] for what in ("events", "out of order", "lost"))
    assert run == "plain" or min(counts[what] for what in ("pauses", "dead", "forgotten", "kills")) > 0
