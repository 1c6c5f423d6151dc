"""Every loop tells what it counted, whatever came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import pytest

from promises.figures import Figure, asked_for, record, versions

Tell = Callable[[str, str, str, Mapping[str, int | float], str], Figure]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Report the counts of a promise's case: in the run's summary, and on record if asked for. Time runs since now."""
    started = time.monotonic()

    def say(promise: str, case: str, run: str, counts: Mapping[str, int | float], database: str) -> Figure:
        figure = Figure(promise, case, run, counts, round(time.monotonic() - started, 1), versions(database))
        record_property("figure", str(figure))
        if run != "plain" and asked_for():
            record(figure)
        return figure

    return say
