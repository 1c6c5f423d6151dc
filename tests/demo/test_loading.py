from __future__ import annotations

import shutil
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import attrs
import pytest

from crmkit import CRM, MemoryStorage
from crmkit.demo.fingerprint import fingerprint
from crmkit.demo.loading import FixedClock, Refused, load
from crmkit.demo.oddities import oddities
from crmkit.demo.opening import opened, url_of
from crmkit.demo.shop import Shop
from crmkit.demo.ten_lines import TEN_LINES, ten_lines
from crmkit.errors import Invalid

Files = dict[str, list[dict[str, str]]]
TODAY = datetime(2011, 12, 23, tzinfo=UTC)


def silent(what: str, done: int, total: int) -> None:
    """No bar."""


def test_everybody_and_everything_is_loaded(crm: CRM, shop: Shop, refused: list[Refused]) -> None:
    """8 employees, 59 customers, 412 invoices with 2,240 lines; nothing is refused whole."""
    with crm.read() as tx:
        purchases = list(tx.purchases.stream())
        assert (8, 59, 412, 2240) == (
            tx.users.count(), tx.clients.count(), len(purchases), sum(len(one.items) for one in purchases)
        )  # fmt: skip
    assert ([], TODAY) == (refused, shop.today)


def test_no_way_to_reach_a_customer_is_lost(crm: CRM, files_of_the_shop: Files) -> None:
    """Every phone, fax, email and street is there as typed; the one phone nobody can read is listed."""
    with crm.read() as tx:
        for row in files_of_the_shop["customers"]:
            client = tx.clients.find(external_id=("chinook", row["customer_id"]))
            assert client is not None
            kept = [point.value for point in tx.contact_points.list(client_id=client.id)]
            for typed in (row["phone"], row["fax"], row["email"]):
                assert not typed or typed in kept
            assert any(value.startswith(row["address"].strip()) for value in kept)
        unreadable = [point.value for point in tx.contact_points.list(readable=False)]
    assert ["+453 3331 9991"] == unreadable


def test_a_customer_is_found_by_any_readable_phone(crm: CRM) -> None:
    """Spellings with a needless zero after the country code, too."""
    with crm.read() as tx:
        for typed, spelled in (("+49 0711 2842222", "+497112842222"), ("+54 (0)11 4311 4333", "+541143114333")):
            names = [{client.name for client in tx.clients.matches(phone=phone)} for phone in (typed, spelled)]
            assert names[0] == names[1] != set()


def test_what_each_client_bought_is_what_the_invoices_say(crm: CRM, files_of_the_shop: Files) -> None:
    """To the cent, and on the same days."""
    totals, days = defaultdict[str, Decimal](Decimal), defaultdict[str, list[str]](list)
    for row in files_of_the_shop["invoices"]:
        totals[row["customer_id"]] += Decimal(row["total"])
        days[row["customer_id"]].append(row["invoice_date"])
    with crm.read() as tx:
        for customer, total in totals.items():
            client = tx.clients.find(external_id=("chinook", customer))
            assert client is not None
            assert total == tx.purchases.totals(client.id)["USD"].amount
            assert sorted(days[customer]) == [
                f"{purchase.bought_at:%Y-%m-%d}" for purchase in tx.purchases.list(client_id=client.id)
            ]


def test_an_invoice_total_is_the_sum_of_its_lines(crm: CRM) -> None:
    """All 412 of them."""
    with crm.read() as tx:
        for purchase in tx.purchases.stream():
            prices = [item.total for item in purchase.items]
            assert purchase.amount is not None
            assert purchase.amount.amount == sum(price.amount for price in prices if price)


def test_employees_form_teams_under_their_managers(crm: CRM, files_of_the_shop: Files) -> None:
    """Whoever has people under them leads a team, which stands below their own manager's."""
    above = {row["employee_id"]: row["reports_to"] for row in files_of_the_shop["employees"]}
    with crm.read() as tx:
        teams = {team.id: team for team in tx.teams.list()}
        for id, manager in above.items():
            team = teams[tx.users.get(id).team or ""]
            assert id == team.lead if id in above.values() else manager == team.lead
        assert {"1", "2", "6"} == {team.lead for team in teams.values()}
        assert {"team-1": None, "team-2": "team-1", "team-6": "team-1"} == {
            id: team.parent for id, team in teams.items()
        }
        assert {"3", "4", "5"} == {client.owner for client in tx.clients.stream()}


def test_companies_are_organizations_with_the_customer_as_their_contact(crm: CRM, files_of_the_shop: Files) -> None:
    """And their numbers are that contact's."""
    companies = [row for row in files_of_the_shop["customers"] if row["company"]]
    with crm.read() as tx:
        assert len(companies) == tx.clients.count(kind="organization") == tx.contacts.count()
        for row in companies:
            client = tx.clients.find(email=row["email"])
            assert client is not None
            (contact,) = tx.contacts.list(client_id=client.id, role="buyer")
            assert (row["company"], f"{row['first_name']} {row['last_name']}") == (client.name, contact.name)
            assert {contact.id} == {
                point.contact_id for point in tx.contact_points.list(client_id=client.id) if point.kind != "postal"
            }


def test_the_shops_last_year_is_answered_as_by_hand(crm: CRM, files_of_the_shop: Files) -> None:
    """Who bought since; nobody's deal fell through and nobody complained, and that is said."""
    since = TODAY - timedelta(days=365)
    last = {row["customer_id"]: row["invoice_date"] for row in files_of_the_shop["invoices"]}
    wanted = {customer for customer, day in last.items() if day >= f"{since:%Y-%m-%d}"}
    with crm.read() as tx:
        outcomes = tx.outcomes.since(since)
        assert wanted == {
            client.external_ids["chinook"]
            for client in tx.clients.get_many([one.client_id for one in outcomes]).values()
        }
        assert {frozenset({"bought"})} == {outcome.reasons for outcome in outcomes}
        assert () == tx.outcomes.since(since, kinds={"fell_through", "complained"})


def test_tasks_follow_the_stated_rule(crm: CRM, files_of_the_shop: Files) -> None:
    """The median interval after the last purchase; whoever is ninety days past it, today."""
    bought = defaultdict[str, list[datetime]](list)
    for row in files_of_the_shop["invoices"]:
        bought[row["customer_id"]].append(datetime.fromisoformat(row["invoice_date"]).replace(tzinfo=UTC))
    with crm.read() as tx:
        tasks = list(tx.tasks.stream())
        assert 59 == len(tasks)
        for task in tasks:
            assert task.client_id is not None
            client = tx.clients.get(task.client_id)
            days = bought[client.external_ids["chinook"]]
            gaps = [(days[n + 1] - days[n]).days for n in range(len(days) - 1)]
            due = days[-1] + timedelta(days=round(median(gaps)))
            wanted = ("win_back", TODAY) if due < TODAY - timedelta(days=90) else ("repeat_order", due)
            assert (*wanted, client.owner) == (task.rule, task.due_at, task.assignee)


def test_the_silent_for_half_a_year_are_dormant(crm: CRM, files_of_the_shop: Files) -> None:
    """All others are active."""
    last = {row["customer_id"]: row["invoice_date"] for row in files_of_the_shop["invoices"]}
    asleep = sum(day <= f"{TODAY - timedelta(days=180):%Y-%m-%d}" for day in last.values())
    with crm.read() as tx:
        assert (asleep, 59 - asleep) == (tx.clients.count(lifecycle="dormant"), tx.clients.count(lifecycle="active"))


def test_a_second_run_changes_nothing(crm: CRM, shop: Shop) -> None:
    """The same content, and not one transaction more in the journal."""
    before = fingerprint(crm), crm.health().journal
    assert [] == load(crm, shop, silent)
    assert before == (fingerprint(crm), crm.health().journal)


def test_the_same_load_has_the_same_fingerprint_without_ids(crm: CRM, shop: Shop) -> None:
    """In another storage and another database, with other ids."""
    with CRM(MemoryStorage(), clock=FixedClock(shop.today)) as other:
        load(other, shop, silent)
        assert fingerprint(crm) != fingerprint(other)
        assert fingerprint(crm, ids=False) == fingerprint(other, ids=False)


def test_the_fingerprint_sees_a_change(crm: CRM, database: Path, tmp_path: Path, shop: Shop) -> None:
    """One letter of one client."""
    copy = shutil.copy(database, tmp_path / "copy.db")
    with CRM.open(f"sqlite:///{copy}", clock=FixedClock(shop.today)) as other:
        assert fingerprint(crm) == fingerprint(other)
        with other.begin() as tx:
            tx.clients.update(tx.clients.list()[0].id, name="Somebody else")
        assert fingerprint(crm) != fingerprint(other)


def test_an_interrupted_load_is_finished_by_the_next(shop: Shop) -> None:
    """Wherever it stopped: nothing twice, nothing missing."""
    storage, stops = MemoryStorage(), iter(["people", "clients", "purchases", "purchases", "tasks"])
    crm = CRM(storage, clock=FixedClock(shop.today))
    for stop in stops:

        def interrupt(what: str, done: int, total: int, stop: str = stop) -> None:
            if what == stop and (what != "purchases" or done == 150):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            load(crm, shop, interrupt)
    load(crm, shop, silent)
    with crm.read() as tx:
        assert (8, 59, 186, 412, 59) == (
            tx.users.count(), tx.clients.count(), tx.contact_points.count(), tx.purchases.count(), tx.tasks.count()
        )  # fmt: skip


def test_rows_that_break_rules_are_refused_and_the_rest_is_loaded(shop: Shop) -> None:
    """Each with its reason; an invoice of somebody who was refused, too."""
    customers = [{**row, "first_name": "\x00"} if row["customer_id"] == "2" else row for row in shop.customers]
    crm = CRM(MemoryStorage(), clock=FixedClock(shop.today))
    refused = load(crm, attrs.evolve(shop, customers=tuple(customers)), silent)
    assert "customer 2" == refused[0].what
    assert 7 == sum("Customer 2 was not loaded" in one.why for one in refused)
    with crm.read() as tx:
        assert (58, 405) == (tx.clients.count(), tx.purchases.count())


def test_what_was_not_taken_as_it_stood_is_told(crm: CRM, shop: Shop) -> None:
    """The phone nobody can read, faxes that are the phone, the spaces around a city, columns that have no place."""
    with crm.read() as tx:
        told = [(odd.whose, odd.typed) for odd in oddities(tx, shop)]
    columns = "phone, title, hire date, city, country"
    assert [
        ("Kara Nielsen", "+453 3331 9991"), ("František Wichterlová", "+420 2 4172 5555"),
        ("Frank Harris", "+1 (650) 253-0000"), ("Steve Murray", "'Edinburgh '"), ("8 employees", columns)
    ] == told  # fmt: skip


def test_odd_rows_are_loaded_and_told(shop: Shop) -> None:
    """A country without a code, an agent nobody knows, a total that is not the sum: kept, and said to be so."""
    odd = {"country": "Danmark", "support_rep_id": "99", "phone": "0711 2842222"}
    customers = [{**row, **odd} if row["customer_id"] == "2" else row for row in shop.customers]
    invoices = [attrs.evolve(one, total=Decimal(7)) if one.id == "1" else one for one in shop.invoices]
    strange = attrs.evolve(shop, customers=tuple(customers), invoices=tuple(invoices))
    with CRM(MemoryStorage(), clock=FixedClock(shop.today)) as crm:
        assert [] == load(crm, strange, silent)
        with crm.read() as tx:
            client = tx.clients.matches(external_id=("chinook", "2"))[0]
            told = [(one.whose, one.typed) for one in oddities(tx, strange)]
            assert (None, None) == (client.region, client.owner)
            assert Decimal(7) in {one.amount.amount for one in tx.purchases.list(client_id=client.id) if one.amount}
    for wanted in (
        ("Leonie Köhler", "Danmark"), ("Leonie Köhler", "99"), ("Leonie Köhler", "0711 2842222"), ("invoice 1", "7"),
    ):  # fmt: skip
        assert wanted in told


def test_the_demos_own_file_is_opened_again_and_no_other(shop: Shop, tmp_path: Path) -> None:
    """Half loaded or whole, it goes on; into a host's records nothing of the shop is mixed."""
    ours, theirs = tmp_path / "ours.db", tmp_path / "theirs.db"

    def stop(what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with opened(ours, shop) as crm, pytest.raises(KeyboardInterrupt):
        load(crm, shop, stop)
    opened(ours, shop).close()
    with CRM.open(f"sqlite:///{theirs}") as crm, crm.begin() as tx:
        tx.clients.add(name="Anna")
    with pytest.raises(Invalid) as refused:
        opened(theirs, shop)
    assert ["not_the_demo"] == [fault.code for fault in refused.value.faults]


def test_the_ten_lines_run(crm: CRM, database: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """As shown, beside the database."""
    monkeypatch.chdir(database.parent)
    assert 10 == sum(bool(line.strip()) for line in TEN_LINES.splitlines())
    exec(TEN_LINES, {})  # noqa: S102
    told = capsys.readouterr().out
    assert "Riotur ['May 2007', 'Nov 2008', 'Dec 2008', 'Aug 2009', 'Mar 2011', 'Jul 2011', 'Oct 2011']" in told
    assert 46 == told.count(" bought\n")
    assert "'Ask Riotur for a repeat order'" in told
    assert "'Rogers Canada'" in told.splitlines()[-1]


def test_the_ten_lines_name_the_file_that_was_made() -> None:
    """Wherever it is, they can be copied and run."""
    assert "sqlite:////somewhere/a%3Fb.db" in ten_lines(url_of(Path("/somewhere/a?b.db")))
    assert TEN_LINES == ten_lines(url_of(Path("crmkit-demo.db")))
