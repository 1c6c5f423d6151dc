"""Instants survive the way through whole microseconds, however they are read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import example, given, strategies as st

from crmkit.domain.instants import instant, micros

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Up to here a float holds seconds closely enough.
EXACT = 2**32 * 1_000_000


@given(st.integers(micros(datetime.min.replace(tzinfo=UTC)), micros(datetime.max.replace(tzinfo=UTC))))
@example(EXACT - 1)
@example(EXACT)
@example(2**35 * 1_000_000 + 12_345)
@example(-1)
@example(0)
def test_an_instant_read_from_its_count_is_that_many_microseconds_from_1970(count: int) -> None:
    """The quick way and the exact one meet without a seam."""
    assert instant(count) == EPOCH + timedelta(microseconds=count)
    assert instant(count).tzinfo is UTC
    assert micros(instant(count)) == count


@given(st.integers(EXACT - 2**40, EXACT + 2**40))
def test_the_quick_way_is_exact_up_to_its_end(count: int) -> None:
    """A float's steps are widest there."""
    assert instant(count) == EPOCH + timedelta(microseconds=count)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_instant_of_the_calendar_comes_back(at: datetime) -> None:
    """Each year is as likely, where whole numbers would mostly be small."""
    assert instant(micros(at)) == at
