"""What is told of failures: ids, types and places, never the text of an error, which may hold personal data."""

from __future__ import annotations

import attrs

from crmkit.domain.ids import EventId


@attrs.frozen
class Failure:
    """
    A hook that raised: whose, which, the error's type, with the keywords and codes of its faults, and where it was raised.

    >>> Failure("slack", "crm_after_deal_won", "TimeoutError", "slack.py:12").error
    'TimeoutError'
    """

    plugin: str
    hook: str
    error: str
    place: str


@attrs.frozen
class DeadLetter:
    """
    An event that a subscriber could not be told, after every attempt.

    >>> from uuid import UUID
    >>> DeadLetter(UUID(int=1), "deal.won", "slack.announce", 8, "TimeoutError at slack.py:12").attempts
    8
    """

    event_id: EventId
    topic: str
    subscriber: str
    attempts: int
    error: str
