"""crm.import_clients: the same on every storage."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
from owners_only import OwnersOnly

from crmkit import CRM, Client, Field, ImportReport, Money, RowFault, Source
from crmkit.access import System
from crmkit.errors import Invalid
from crmkit.events import ClientAdded, Event

CARD = Field("client", "card", str)
LEVEL = Field("client", "level", int)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.skipped, report.refused


def people(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        {"name": f"Client {number}", "phone": f"+7912{number:07}", "email": f"c{number}@example.com"}
        for number in range(start, start + count)
    ]


def test_an_imported_client_is_as_one_that_was_added(crm: CRM) -> None:
    """Every keyword of `tx.clients.add` is a column; what differs are ids and the instant."""
    told: dict[str, Any] = {
        "name": "ООО «Ёлка»", "kind": "organization", "phone": "8 (912) 345-67-89", "email": "Boss@Example.org",
        "region": "RU", "language": "ru", "time_zone": "Asia/Yekaterinburg", "market_level": "competitor",
        "tags": ["vip", "север"], "custom": [CARD.to("A-17"), LEVEL.to(3)], "external_ids": {"shop": "42"},
        "lifecycle": "active", "owner": "4", "source": Source("fair"),
    }  # fmt: skip
    with crm.begin() as tx:
        here: dict[str, Any] = {**told, "external_ids": {"shop": "41"}}
        added = tx.clients.add(**here)
    report = crm.bind(actor="17").import_clients([told], on_match="add")
    assert (1, 0, 0, 0) == counts(report)
    with crm.read() as tx:
        made = tx.clients.find(external_id=("shop", "42"))
        assert made is not None
        apart = {"id", "external_ids", "created_by", "created_at", "updated_at"}
        same = [field.name for field in attrs.fields(Client) if field.name not in apart]
        assert [getattr(added, name) for name in same] == [getattr(made, name) for name in same]
        assert "17" == made.created_by
        for kind in ("phone", "email"):
            one, other = (tx.contact_points.list(client_id=id, kind=kind)[0] for id in (added.id, made.id))
            assert (one.value, one.match_key, one.primary) == (other.value, other.match_key, other.primary)
        for text in ("ёлка", "345-67-89"):
            assert made in tx.clients.list(text=text)
    assert 0 == crm.rebuild(dry_run=True).mended


def test_a_bad_row_stops_no_other_and_is_told_without_what_stands_in_it(crm: CRM) -> None:
    """A report is printed and logged; the row's number leads to the rest."""
    rows: list[Any] = [
        {"name": "Anna", "phone": "+79123456789"},
        {"name": "Boris", "phone": "not a number of Boris"},
        {"phone": "+79123456780"},
        {"name": "Clara", "nickname": "Clärchen"},
        "Dora",
        {"name": "Eve", "email": "eve@example.com", "phone": ""},
    ]
    report = crm.import_clients(rows, chunk=2)
    assert (2, 0, 0, 4) == counts(report)
    assert [(2, "phone"), (3, "name"), (4, "column 2"), (5, "row")] == [(one.row, one.path) for one in report.faults]
    assert not any(word in repr(report) for word in ("Boris", "Clärchen", "Dora", "+7912"))
    with crm.read() as tx:
        assert ["Anna", "Eve"] == sorted(client.name for client in tx.clients.stream())


def test_a_report_lists_the_first_faults_and_counts_all(crm: CRM) -> None:
    """A file in which every row is wrong must not fill the memory."""
    report = crm.import_clients([{"name": ""}] * 1203)
    assert (1203, 1000, RowFault) == (report.refused, len(report.faults), type(report.faults[0]))


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_whoever_is_known_is_skipped_in_the_store_and_in_the_rows(crm: CRM, chunk: int) -> None:
    """By phone in any spelling, by email, by another system's id; the sizes of chunks change nothing."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="8 912 000 00 01", external_ids={"shop": "1"})
    rows: list[dict[str, Any]] = [
        {"name": "Anna again", "phone": "+7 (912) 000-00-01"},
        {"name": "Anna of the shop", "external_id": ("shop", "1"), "email": "new@example.com"},
        {"name": "Boris", "email": "boris@example.com"},
        {"name": "Boris again", "email": "BORIS@example.com"},
        {"name": "Boris by phone too", "email": "boris@example.com", "phone": "+79120000009"},
        {"name": "Clara"},
        {"name": "Clara"},
    ]
    trial = crm.import_clients(rows, chunk=chunk, dry_run=True)
    report = crm.import_clients(rows, chunk=chunk)
    assert (3, 0, 4, 0) == counts(report) == counts(trial)
    with crm.read() as tx:
        assert ["Anna", "Boris", "Clara", "Clara"] == sorted(client.name for client in tx.clients.stream())
        assert anna == tx.clients.get(anna.id)


@pytest.mark.parametrize("chunk", [1, 1000])
def test_an_update_replaces_single_values_and_adds_the_rest(crm: CRM, chunk: int) -> None:
    """Nothing known is lost; of each kind one point stays primary."""
    with crm.begin() as tx:
        anna = tx.clients.add(
            name="Anna",
            phone="+79120000001",
            tags=["old"],
            owner="4",
            custom=[CARD.to("A")],
            external_ids={"shop": "1"},
        )
    rows: list[dict[str, Any]] = [
        {
            "phone": "+79120000001",
            "name": "Anna P.",
            "email": "a@x.ru",
            "tags": ["new"],
            "owner": "5",
            "language": "ru",
        },
        {"external_id": ("shop", "1"), "name": "Anna P.", "external_ids": {"bank": "9"}, "custom": {"level": 3}},
        {"phone": ["8 912 000-00-01", "+79120000002"], "name": "Anna P."},
        {"phone": "+79120000001", "name": "Anna P."},
        {"email": "b@x.ru", "name": "Boris", "phone": "+79120000003"},
        {"email": "b@x.ru", "name": "Boris B.", "phone": "+79120000004"},
    ]
    report = crm.import_clients(rows, on_match="update", chunk=chunk)
    assert (1, 4, 1, 0) == counts(report)
    with crm.read() as tx:
        after = tx.clients.get(anna.id)
        assert ("Anna P.", "4", "ru", frozenset({"old", "new"})) == (
            after.name,
            after.owner,
            after.language,
            after.tags,
        )
        assert ("A", 3) == (after.custom[CARD], after.custom[LEVEL])
        assert {"shop": "1", "bank": "9"} == dict(after.external_ids)
        assert after == tx.clients.find(external_id=("bank", "9"))
        points = tx.contact_points.list(client_id=anna.id)
        assert {"+79120000001": True, "+79120000002": False, "a@x.ru": True} == {
            point.match_key: point.primary for point in points
        }
        boris = tx.clients.find(email="b@x.ru")
        assert boris is not None
        assert boris.name == "Boris B."
        assert boris == tx.clients.find(phone="+79120000003") == tx.clients.find(phone="+79120000004")
    assert 0 == crm.rebuild(dry_run=True).mended


def test_a_known_number_can_be_added_once_more_but_not_another_systems_id(crm: CRM) -> None:
    """Families share numbers; a name in another system is one client's."""
    rows: list[dict[str, Any]] = [
        {"name": "Anna", "phone": "+79120000001", "external_id": ("shop", "1")},
        {"name": "Her brother", "phone": "+79120000001"},
        {"name": "An impostor", "phone": "+79120000002", "external_id": ("shop", "1")},
    ]
    report = crm.import_clients(rows, on_match="add")
    assert (2, 0, 0, 1) == counts(report)
    assert (3, "external_ids", "taken") == (report.faults[0].row, report.faults[0].path, report.faults[0].code)


def test_what_cannot_be_read_may_be_kept_as_typed(crm: CRM) -> None:
    """As in `tx.contact_points.add`: nothing a person wrote down gets lost."""
    row: dict[str, Any] = {"name": "Anna", "phone": ["n/a", "+79120000001"], "email": "anna(at)x"}
    assert 1 == crm.import_clients([row]).refused
    assert 1 == crm.import_clients([row], keep_unreadable=True).added
    with crm.read() as tx:
        points = {point.value: point.status for point in tx.contact_points.stream()}
    assert {"n/a": "suspect", "+79120000001": "unverified", "anna(at)x": "suspect"} == points


def test_each_added_client_is_told_of_and_journalled(crm: CRM, heard: list[Event]) -> None:
    """One event each, in the order of the rows; one journal row for each chunk."""
    before = crm.health().journal
    crm.import_clients(people(5), chunk=2)
    added = [event for event in heard if isinstance(event, ClientAdded)]
    with crm.read() as tx:
        assert [f"Client {number}" for number in range(5)] == [tx.clients.get(one.client_id).name for one in added]
        assert all(2 == len(event.points) for event in added)
    assert (5, 3) == (len(heard), crm.health().journal - before)


def test_rows_are_streamed(crm: CRM) -> None:
    """A file may be larger than the memory: no more than one chunk is ever asked for ahead."""
    asked, done = 0, list[tuple[int, int | None, int]]()

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal asked
        for row in people(7):
            asked += 1
            yield row

    crm.import_clients(rows(), chunk=3, progress=lambda rows, total: done.append((rows, total, asked)))
    assert [(3, None, 3), (6, None, 6), (7, None, 7)] == done
    crm.import_clients(people(2), progress=lambda rows, total: done.append((rows, total, asked)))
    assert (2, 2, 7) == done[-1]


def test_a_trial_run_writes_nothing(crm: CRM, heard: list[Event]) -> None:
    """Not even the key: the real run under it comes later."""
    report = crm.import_clients([*people(3), {"name": ""}], dry_run=True, key="k")
    assert (True, (3, 0, 0, 1)) == (report.dry_run, counts(report))
    with crm.read() as tx:
        assert 0 == tx.clients.count()
    assert [] == heard
    assert 3 == crm.import_clients(people(3), key="k").added


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_as_it_was_even_after_a_failure(crm: CRM, enabled: bool) -> None:
    """It is paused inside a chunk only, and left off if its host had it off."""
    was, seen = gc.isenabled(), list[bool]()

    def fail(done: int, total: int | None) -> None:
        seen.append(gc.isenabled())
        raise KeyError

    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(KeyError):
            crm.import_clients(people(2), progress=fail)
        assert ([enabled], enabled) == (seen, gc.isenabled())
    finally:
        (gc.enable if was else gc.disable)()


@pytest.mark.parametrize(
    ("path", "wrong"),
    [("rows", {"rows": "names.csv"}), ("on_match", {"on_match": "merge"}), ("chunk", {"chunk": 0}),
     ("key", {"key": ""}), ("dry_run", {"dry_run": 1}), ("progress", {"progress": 7})],
)  # fmt: skip
def test_a_wrong_argument_is_told_by_its_name(crm: CRM, path: str, wrong: dict[str, Any]) -> None:
    """Before any row is read."""
    given: dict[str, Any] = {"rows": people(1), **wrong}
    with pytest.raises(Invalid) as caught:
        crm.import_clients(**given)
    assert [path] == [fault.path for fault in caught.value.faults]


def test_whoever_may_see_little_matches_little(url: str, make_scoped: Callable[[str], CRM]) -> None:
    """A client of somebody else is not there for them: importing them adds another one."""
    with make_scoped(url) as crm:
        crm.bind(actor="4").import_clients(people(1))
        assert 1 == crm.bind(actor="17").import_clients(people(1)).added
        assert 1 == crm.bind(actor="17").import_clients(people(1)).skipped


def test_what_a_program_imports_belongs_to_nobody(crm: CRM) -> None:
    """As what it adds; a user's rows are the user's."""
    for actor in (System("nightly"), "17"):
        crm.bind(actor=actor).import_clients([{"name": actor}])
    with crm.read() as tx:
        assert {"system:nightly": None, "17": "17"} == {one.name: one.owner for one in tx.clients.list()}


@pytest.fixture
def make_scoped() -> Callable[[str], CRM]:
    return lambda url: CRM.open(url, region="RU", access=OwnersOnly())


def test_a_column_nobody_knows_is_told_by_its_place(crm: CRM) -> None:
    """A file without a line of names has persons where names should be: they stay out of the report."""
    headless = [{"Anna Ivanova": "Boris Petrov", "+79123456789": "+79123456780", "name": "Boris"}]
    report = crm.import_clients(headless)
    assert [("column 1", "unknown"), ("column 2", "unknown")] == [(one.path, one.code) for one in report.faults]
    assert "name" in report.faults[0].message
    assert "Anna" not in repr(report)
    assert "912" not in repr(report)


@pytest.mark.parametrize("chunk", [1, 1000])
def test_a_trial_run_knows_what_its_own_rows_would_have_added(crm: CRM, chunk: int) -> None:
    """By another system's id and by number; of several kinds of rows."""
    rows: list[dict[str, Any]] = [
        {"name": "Anna", "external_id": ("shop", "1")}, {"name": "Anna", "external_id": ("shop", "1")},
        {"name": "Boris", "external_ids": {"shop": "2", "bank": "2"}}, {"name": "Boris", "external_id": ("bank", "2")},
        {"name": "Clara", "phone": "+79120000003", "external_id": ("shop", "3")}, {"name": "Clara", "phone": "+79120000003"},
        {"name": "Dora"}, {"name": "Dora"},
    ]  # fmt: skip
    trial = crm.import_clients(rows, chunk=chunk, dry_run=True)
    assert (5, 0, 3, 0) == counts(trial) == counts(crm.import_clients(rows, chunk=chunk))
    whose: dict[str, Any] = {"client_external_id": ("shop", "1"), "origin": "till"}
    for door, row in (
        (crm.import_touchpoints, {**whose, "channel": "call", "direction": "inbound"}),
        (crm.import_purchases, {**whose, "amount": Money(1, "EUR")}),
    ):
        facts = [{**row, "external_id": "1"}, {**row, "external_id": "1"}, {**row, "external_id": "2"}]
        trial = door(facts, chunk=chunk, dry_run=True)
        assert (2, 0, 1, 0) == counts(trial) == counts(door(facts, chunk=chunk))


def test_what_nobody_can_read_is_told_apart_as_it_is_typed(crm: CRM) -> None:
    """Twice the same is once, in a row, among rows and in the store; the first of its kind is primary."""
    row: dict[str, Any] = {
        "name": "Anna",
        "external_id": ("shop", "1"),
        "phone": ["ask the porter", "ask the porter", "ring twice"],
    }
    for _ in range(2):
        crm.import_clients([row, row], on_match="update", keep_unreadable=True)
    with crm.read() as tx:
        assert {"ask the porter": True, "ring twice": False} == {
            point.value: point.primary for point in tx.contact_points.stream()
        }


def test_more_rows_than_one_question_takes_are_all_known(crm: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions hold so many ids and no more."""
    for room in ("clients", "facts"):
        monkeypatch.setattr(f"crmkit.services.importing.{room}.CHUNK", 2)
    many: list[dict[str, Any]] = [{**one, "external_id": ("shop", one["name"])} for one in people(5)]
    crm.import_clients(many)
    assert (0, 0, 5, 0) == counts(crm.import_clients(many, on_match="update"))
    with crm.begin() as tx:
        ids = [client.id for client in tx.clients.stream()]
        deals = [tx.deals.open(id, title="Order").id for id in ids]
    facts = [
        {"client_id": id, "deal_id": deal, "amount": Money(1, "EUR"), "external_id": str(id), "origin": "till"}
        for id, deal in zip(ids, deals, strict=True)
    ]
    assert (5, 0, 0, 0) == counts(crm.import_purchases(facts))
    assert (0, 0, 5, 0) == counts(crm.import_purchases(facts))


def test_two_reports_come_to_one() -> None:
    """Of one import and the next."""
    one, other = (
        ImportReport(3, 1, 1, 1, 0, (), 2),
        ImportReport(4, 1, 1, 1, 1, (RowFault(1, "a", "b", "c."),), 3, dry_run=True),
    )
    assert ImportReport(7, 2, 2, 2, 1, other.faults, 5, dry_run=True) == one + other
