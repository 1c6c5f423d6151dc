"""C18: many who write and seal at once leave one chain, with every entry in it once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from promises.figures import Figure
from promises.scales import scales

from crmkit import CRM
from crmkit.audit import Audit, Head
from crmkit.domain.query import Query
from crmkit.domain.seal import Seal
from crmkit.testing.suite.threads import together

Tell = Callable[..., Figure]
DATABASES = ("sqlite", "postgresql", "mariadb")


@pytest.fixture
def url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """An empty store on the database that the test is run with."""
    return f"sqlite:///{tmp_path}/crm.db" if database == "sqlite" else request.getfixturevalue(f"{database}_url")


@pytest.mark.parametrize("database", DATABASES)
@scales(plain=15, heavy=250)
def test_of_all_who_write_and_seal_at_once_every_entry_is_in_one_seal(
    url: str, database: str, run: str, scale: int, tell: Tell
) -> None:
    """Each with a CRM of its own, which seals after every seventh of its commits; and each sink hears all in order."""
    writers = 3 if run == "plain" else 8
    heads = [list[Head]() for _ in range(writers)]
    CRM.open(url).close()
    answers = together(*[partial(_write, url, scale, own) for own in heads])
    assert [None] * writers == answers
    with CRM.open(url) as crm, crm.read() as tx:
        found = tx.audit.verify([head for own in heads for head in own])
        seals = tx._unit.store.select(Query(Seal, order_by="number"))
    covered = [one for seal in seals for span in seal.covers for one in range(span.first, span.last + 1)]
    numbers = [seal.number for seal in seals]
    gaps, forks = (
        writers * scale - len(set(covered)),
        len(numbers) - len(set(numbers)) + len(covered) - len(set(covered)),
    )
    counts = {"writers": writers, "entries": found.entries, "seals": len(seals), "gaps": gaps, "forks": forks}
    tell("C18", f"{database}, writers", run, counts, database)
    assert ((), 0, writers * scale) == (found.breaches, found.unsealed, found.entries)
    assert (0, 0, list(range(1, len(seals) + 1))) == (gaps, forks, numbers)
    for own in heads:
        assert list(range(own[0].number, own[-1].number + 1)) == [head.number for head in own]


def _write(url: str, times: int, heads: list[Head]) -> None:
    with CRM.open(url, delivery="inline", audit=Audit(heads.append, every=7)) as crm:
        for number in range(times):
            with crm.begin() as tx:
                tx.clients.add(name="Anna", owner=f"{number}")
