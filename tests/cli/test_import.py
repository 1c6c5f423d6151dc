"""`crmkit import …`, as an operator runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crmkit import CRM, Client, Money
from crmkit.cli.importing import import_
from crmkit.errors import Invalid


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/shop.db"
    CRM.open(url).close()
    return url


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text(
        "Имя;Telefon;email;tags;external_id;remark\n"
        "Анна;8 912 345-67-89;anna@example.org;vip;shop:1;x\n"
        "Boris;+79123456790;boris@example.org;vip;shop:2;x\n"
        "Clara;by pigeon;;;;x\n",
        encoding="utf-8-sig",
    )
    return file


MAPPED = ("--region", "RU", "--map", "Имя=name", "--map", "Telefon=phone", "--map", "remark=-")


def _run(*words: object) -> Result:
    return CliRunner().invoke(import_, [str(word) for word in words])


def _clients(url: str) -> list[Client]:
    with CRM.open(url) as crm, crm.read() as tx:
        return list(tx.clients.list(order_by="name"))


def test_a_spreadsheet_with_names_of_its_own_becomes_clients(url: str, people: Path) -> None:
    """Its columns are given the names of fields; what cannot be taken is told with the reason, and not shown."""
    done = _run("clients", people, url, *MAPPED)
    assert done.exit_code == 1
    assert done.stdout.startswith("Of 3 clients, 2 added, 0 updated, 0 skipped, 1 refused.\n")
    assert "3" in done.stdout.splitlines()[-1]
    assert "phone" in done.stdout.splitlines()[-1]
    assert ["Boris", "Анна"] == [one.name for one in _clients(url)]
    assert [{"shop": "2"}, {"shop": "1"}] == [dict(one.external_ids) for one in _clients(url)]


def test_a_trial_writes_nothing(url: str, people: Path) -> None:
    """And says what would be."""
    assert "2 would be added" in _run("clients", people, url, *MAPPED, "--dry-run").stdout
    assert [] == _clients(url)


def test_under_a_key_nothing_is_imported_twice(url: str, people: Path) -> None:
    """The second run answers what the first one did."""
    once, again = [_run("clients", people, url, *MAPPED, "--key", "May", "--on-match", "add") for _ in "12"]
    assert "earlier" not in once.stdout
    assert "3 of them by an earlier run" in again.stdout
    assert 2 == len(_clients(url))


def test_json_lines_bring_purchases_of_known_clients(url: str, people: Path, tmp_path: Path) -> None:
    """Money, instants and external ids are read as people write them."""
    _run("clients", people, url, *MAPPED)
    sold = tmp_path / "sold.jsonl"
    row = {"client_external_id": "shop:1", "amount": "9.90 EUR", "at": "2026-05-01T12:00:00+03:00"}
    sold.write_text(json.dumps(row) + "\n\n" + json.dumps({**row, "amount": "much"}) + "\n")
    done = _run("purchases", sold, url)
    assert done.stdout.startswith("Of 2 purchases, 1 added, 0 updated, 0 skipped, 1 refused.\n")
    assert "much" not in done.output
    anna = _clients(url)[1]
    with CRM.open(url) as crm, crm.read() as tx:
        assert [Money("9.90", "EUR")] == [one.amount for one in tx.clients.card(anna.id).purchases]


def test_touchpoints_come_from_a_file_too(url: str, people: Path, tmp_path: Path) -> None:
    """With commas, as others write CSV."""
    _run("clients", people, url, *MAPPED)
    calls = tmp_path / "calls.csv"
    calls.write_text("client_external_id,channel,direction,minutes\nshop:1,call,inbound,3\n")
    assert _run("touchpoints", calls, url).stdout.startswith("Of 1 touchpoints, 1 added")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"name\nAnna\n\xff\xfe\n"),
        ("a.jsonl", b'{"name": "Anna"}\n\xff\n'),
        ("a.csv", b'name\n"' + b"x" * 200_000),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words_and_changes_nothing(
    url: str, tmp_path: Path, name: str, content: bytes
) -> None:
    """Never by a traceback of whoever reads it."""
    file = tmp_path / name
    file.write_bytes(content)
    assert isinstance(_run("clients", file, url).exception, Invalid)
    assert [] == _clients(url)


def test_a_line_that_is_no_object_is_a_fault_of_that_row(url: str, tmp_path: Path) -> None:
    """What is before it and behind it is kept."""
    file = tmp_path / "a.jsonl"
    file.write_text('{"name": "Anna"}\n[1]\n{\n{"name": "Boris"}\n')
    done = _run("clients", file, url)
    assert (1, True) == (
        done.exit_code,
        done.stdout.startswith("Of 4 clients, 2 added, 0 updated, 0 skipped, 2 refused."),
    )
    assert ["Anna", "Boris"] == [one.name for one in _clients(url)]


def test_more_cells_than_columns_are_a_fault_of_that_row(url: str, tmp_path: Path) -> None:
    """The others are kept."""
    file = tmp_path / "a.csv"
    file.write_text("name,email\nAnna,anna@example.org,more\nBoris,boris@example.org\n")
    assert "1 added, 0 updated, 0 skipped, 1 refused" in _run("clients", file, url).stdout


def test_a_column_nobody_knows_is_counted_as_in_the_file(url: str, tmp_path: Path) -> None:
    """Columns that are left out count, too; the name is not shown, for a file without heads has persons there."""
    file = tmp_path / "a.csv"
    file.write_text("number,name,nickname\n17,Anna,Annie\n")
    said = _run("clients", file, url, "--map", "number=-").stdout
    assert "column 3" in said
    assert "nickname" not in said


def test_a_mapping_without_a_field_is_explained(url: str, people: Path) -> None:
    """By what it should look like."""
    done = _run("clients", people, url, "--map", "Telefon")
    assert (2, True) == (done.exit_code, "COLUMN=FIELD" in done.output)
