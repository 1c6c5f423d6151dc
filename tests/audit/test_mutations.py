"""C18: whatever is done to a log after it was sealed is found, and said where."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from ledger import Ledger, a_sealed_log, by_place
from promises.figures import Figure
from promises.scales import scales
from tampering import DEEDS, WHOLE, tamper

from crmkit.audit import Breach

Tell = Callable[..., Figure]
#: One in so many times the whole log is done something to, instead of single entries of it.
SELDOM = 100


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Of more than ten thousand entries."""
    return a_sealed_log(tmp_path_factory.mktemp("log") / "crm.db", 11_000)


def test_a_log_that_nobody_touched_is_sound(log: Ledger) -> None:
    """Also compared with every head, and with the first ones alone."""
    found = log.verified(log.heads)
    assert (True, len(log.rows), len(log.seals), 0) == (found.is_sound, found.entries, found.seals, found.unsealed)
    assert log.verified(log.heads[:3]).is_sound
    assert (True, 11) == (len(log.rows) > 10_000, len(log.seals))


@scales(plain=1_500, heavy=50_000)
def test_every_change_is_found_and_named(log: Ledger, run: str, scale: int, tell: Tell) -> None:
    """Each breach that there must be, and none besides."""
    chance, done, missed, invented = Random(scale), 0, 0, 0  # the same each time
    whole = scale // SELDOM
    while done < scale:
        touched = log.copy()
        if done < whole:
            expected, heads = chance.choice(WHOLE)(touched, chance)
            times = 1
        else:
            expected, times = tamper(touched, chance)
            heads = log.heads if chance.random() < 0.5 else []
        said = touched.verified(heads)
        missed += len(set(expected) - set(said.breaches))
        if times > 1:
            assert not said.more
            invented += len(set(said.breaches) - set(expected))
        done += times
    counts = {"mutations": done, "entries": len(log.rows), "overlooked": missed, "invented": invented}
    tell("C18", "every mutation", run, counts, "")
    assert (0, 0) == (missed, invented)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_each_way_to_tamper_is_named(log: Ledger, deed: Callable[..., list[Breach]]) -> None:
    """On a seal of one span, and on one of many."""
    chance = Random(7)  # as above
    for position in (log.positions[10], log.positions[1500], log.positions[-200]):
        touched = log.copy()
        expected = deed(touched, position, chance)
        assert by_place(expected) == by_place(touched.verified(log.heads).breaches)


def test_more_breaches_than_anybody_reads_are_counted(log: Ledger) -> None:
    """A log of which nothing is left takes no more memory than one that is whole."""
    touched = log.copy()
    for position in log.positions:
        touched.remove(position)
    found = touched.verified()
    assert (1000, len(log.rows) - 1000) == (len(found.breaches), found.more)
    assert {"deleted"} == {breach.kind for breach in found.breaches}
