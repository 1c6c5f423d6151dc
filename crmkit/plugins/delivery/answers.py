"""What an observer may raise to say how it goes on; neither is an error."""

from __future__ import annotations

from datetime import timedelta


class Retry(Exception):  # it says what it is
    """
    Tell me again, after *after* or when it is my turn again; counts as an attempt, and its reason is not kept.

    >>> raise Retry(after=timedelta(minutes=5))
    Traceback (most recent call last):
    crmkit.plugins.delivery.answers.Retry
    """

    def __init__(self, reason: str = "", *, after: timedelta | None = None) -> None:
        super().__init__(*([reason] if reason else []))
        self.after = after


class Drop(Exception):
    """
    Never tell me this event again: there is nothing I could do with it.

    >>> raise Drop("the client is gone")
    Traceback (most recent call last):
    crmkit.plugins.delivery.answers.Drop: the client is gone
    """
