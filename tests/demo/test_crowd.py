from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from crmkit import CRM
from crmkit.demo.command import demo
from crmkit.demo.crowd import crowd, grow, quickest


def test_a_crowd_grows_and_never_doubles() -> None:
    """The same person has the same number, whenever they were made."""
    steps = list[tuple[int, int | None]]()
    with CRM.open("memory://") as crm:
        assert 30 == grow(crm, 30, lambda done, total: steps.append((done, total))).added
        assert 20 == grow(crm, 50, lambda done, total: steps.append((done, total))).added
        assert 0 == grow(crm, 50, lambda done, total: steps.append((done, total))).read
        with crm.read() as tx:
            assert 50 == tx.clients.count()
            assert all(one.milliseconds > 0 for one in quickest(tx, 50, times=1))
    assert [(30, 30), (50, 50)] == steps
    assert list(crowd(0, 5))[3:] == list(crowd(3, 5))


def test_the_demo_shows_what_size_does(tmp_path: Path) -> None:
    """The shop's own clients are there, too."""
    told = CliRunner().invoke(demo, ["--db", str(tmp_path / "demo.db"), "--clients", "40"])
    assert (0, True, True) == (told.exit_code, "40 clients came in" in told.output, "Among 99 clients" in told.output)
