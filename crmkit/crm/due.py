"""What becomes due by the clock alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import attrs

from crmkit.services.client_lifecycle import fall_asleep
from crmkit.services.transaction import Transaction


@attrs.frozen
class Due:
    """
    What one `run_due` did.

    >>> Due(went_dormant=0)
    Due(went_dormant=0)
    """

    went_dormant: int


def run_due(begin: Callable[[], AbstractContextManager[Transaction]], chunk: int) -> Due:
    """Work in transactions of at most *chunk* clients, so that writers come in between."""
    total, found = 0, chunk
    while found == chunk:
        with begin() as tx:
            found = fall_asleep(tx._unit, chunk)  # noqa: SLF001
        total += found
    return Due(went_dormant=total)
