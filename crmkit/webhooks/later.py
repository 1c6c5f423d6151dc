"""When another system asks to be tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: Whoever asks for more than a day is asked again after a day.
LONGEST = 86_400.0


def seconds_of(retry_after: str, now: datetime) -> float | None:
    """
    Read a Retry-After: seconds, or a date; None for what is neither.

    >>> now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    >>> seconds_of("120", now), seconds_of("Wed, 01 Jul 2026 12:01:00 GMT", now), seconds_of("soon", now)
    (120.0, 60.0, None)
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST)
