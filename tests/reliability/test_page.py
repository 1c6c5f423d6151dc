from __future__ import annotations

from promises.figures import read
from promises.page import PAGE, PROMISES, page


def test_the_page_is_what_the_loops_counted() -> None:
    """A figure typed by hand would be worth nothing."""
    assert page(read()) == PAGE.read_text(encoding="utf-8")


def test_every_figure_belongs_to_a_promise_and_keeps_it() -> None:
    """What was lost, doubled or left half would stand on the page for everybody to see."""
    for figure in read():
        assert figure.promise in PROMISES
        for what in (
            "lost",
            "half",
            "left half",
            "doubled",
            "errors",
            "foreign errors",
            "leaked",
            "cycles",
            "vanished",
            "left apart",
            "broken files",
            "denied",
            "overlooked",
            "invented",
            "gaps",
            "forks",
        ):
            assert 0 == figure.counts.get(what, 0), figure
