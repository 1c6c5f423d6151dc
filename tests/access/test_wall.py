"""The second wall: PostgreSQL hides what crmkit's own predicate would, if that were not there."""

from __future__ import annotations

import pytest
from comparing import played
from without import without_predicates

from crmkit.storage.opening import open_storage


def test_nothing_leaks_where_only_the_wall_hides(walled_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The same comparison as without a wall, with not one predicate in any statement of crmkit's (safety A7)."""
    with without_predicates():
        assert 500 < played(lambda _: open_storage(walled_url), runs=1, rounds=10, reads=30, log=caplog)


def test_without_either_everything_leaks(postgresql_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """So it is the wall that hides."""
    with without_predicates(), pytest.raises(AssertionError):
        played(lambda _: open_storage(postgresql_url), runs=1, rounds=10, reads=30, log=caplog)
