"""What another system answered."""

from __future__ import annotations

import attrs

from crmkit.plugins.headers import Headers, masked


@attrs.frozen
class Answer:
    """
    Another system's answer, whole and of bounded size; a redirect is an answer like any other, and not followed.

    >>> Answer(204, Headers([("Request-Id", "r1")]), b"")
    Answer(status=204, headers=…, body=…)
    """

    status: int
    headers: Headers = attrs.field(repr=masked)
    body: bytes = attrs.field(repr=masked)

    @property
    def ok(self) -> bool:
        """Whether it was done: a status from 200 to 299."""
        return 200 <= self.status < 300
