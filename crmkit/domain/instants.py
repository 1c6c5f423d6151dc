"""Instants as whole microseconds since 1970, exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Seconds below 2**32, until 2106, are held by a float to a quarter of a microsecond: rounding finds each one again.
_EXACT = 2**32 * 1_000_000
_from_seconds = datetime.fromtimestamp


def micros(at: datetime) -> int:
    """
    Count the microseconds since 1970.

    >>> instant(micros(datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC))).microsecond
    123456
    """
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(count: int) -> datetime:
    """Undo `micros`; the answer is in UTC."""
    if 0 <= count < _EXACT:
        return _from_seconds(count / 1_000_000, UTC)
    return _EPOCH + timedelta(0, 0, count)
