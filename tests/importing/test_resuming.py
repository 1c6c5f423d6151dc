"""An import under a key goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
import pytest

from crmkit import CRM
from crmkit.errors import Conflict


def people(count: int) -> list[dict[str, Any]]:
    return [{"name": f"Client {number}", "phone": f"+7912{number:07}"} for number in range(count)]


class PowerCut(BaseException):
    """Whatever ends a process."""


def cut_after(rows: Iterable[Mapping[str, Any]], count: int) -> Iterator[Mapping[str, Any]]:
    for number, row in enumerate(rows):
        if number == count:
            raise PowerCut
        yield row


@pytest.mark.parametrize("on_match", ["add", "skip", "update"])
def test_a_stopped_import_goes_on_and_comes_to_the_same(crm: CRM, on_match: Any) -> None:
    """Even where nobody would be matched: what a chunk did is remembered in its own commit."""
    rows = [*people(10), {"name": ""}]
    with pytest.raises(PowerCut):
        crm.import_clients(cut_after(rows, 7), key="spring", chunk=3, on_match=on_match)
    with crm.read() as tx:
        assert 6 == tx.clients.count()
    report = crm.import_clients(rows, key="spring", chunk=3, on_match=on_match)
    assert (11, 10, 1, 6) == (report.read, report.added, report.refused, report.resumed_from)
    assert (11, "name") == (report.faults[0].row, report.faults[0].path)
    with crm.read() as tx:
        assert sorted(row["name"] for row in people(10)) == sorted(client.name for client in tx.clients.stream())


def test_a_finished_import_answers_its_report_and_asks_for_no_row(crm: CRM) -> None:
    """A job that runs twice imports once."""
    first = crm.import_clients([*people(3), {"name": ""}], key="k", chunk=2)
    again = crm.import_clients(cut_after([], 0), key="k")
    assert attrs.evolve(first, resumed_from=4) == again
    assert 3 == crm.import_clients(people(3), key="another", on_match="add").added


def test_another_size_of_chunks_goes_on_as_well(crm: CRM) -> None:
    """A host may find that its first choice was too large."""
    with pytest.raises(PowerCut):
        crm.import_clients(cut_after(people(9), 5), key="k", chunk=4)
    assert (9, 9, 4) == ((report := crm.import_clients(people(9), key="k", chunk=2)).read, report.added, 4)


def test_each_kind_of_rows_has_keys_of_its_own(crm: CRM) -> None:
    """`2026-05` may name the clients of May, and their purchases."""
    crm.import_clients(people(1), key="2026-05")
    row = {"client_phone": "+79120000000", "channel": "call", "direction": "inbound"}
    assert 1 == crm.import_touchpoints([row], key="2026-05").added
    assert 1 == crm.import_touchpoints([row], key="2026-05").resumed_from


def test_two_that_import_the_same_at_once_come_to_one(crm: CRM) -> None:
    """Who finds a chunk done by the other takes over its report."""
    rows = people(4)

    def rivals() -> Iterator[dict[str, Any]]:
        yield from rows[:2]
        crm.import_clients(rows, key="k", chunk=2, on_match="add")
        yield from rows[2:]

    report = crm.import_clients(rivals(), key="k", chunk=2, on_match="add")
    with crm.read() as tx:
        assert (4, 4, 4) == (report.read, report.added, tx.clients.count())


def test_two_that_cut_the_same_rows_differently_meet_as_a_conflict(crm: CRM) -> None:
    """Their chunks would overlap; the one who comes second says so, and a rerun goes on."""

    def rivals() -> Iterator[dict[str, Any]]:
        yield people(4)[0]
        crm.import_clients(people(4), key="k", chunk=3, on_match="add")
        yield from people(4)[1:]

    with pytest.raises(Conflict):
        crm.import_clients(rivals(), key="k", chunk=2, on_match="add")
    assert 4 == crm.import_clients(people(4), key="k", chunk=2).added
    with crm.read() as tx:
        assert 4 == tx.clients.count()
