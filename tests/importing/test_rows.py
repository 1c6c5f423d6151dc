"""Rows of a CSV or of JSON lines, as imports take them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from crmkit import CRM, Money
from crmkit.errors import Invalid
from crmkit.rows import csv_rows, json_rows

TEXT = "\ufeffName;Phone;tags;remark\r\nAnna;8 912 345-67-89;vip; x\r\nBoris;+79123456790;;\r\n"
COLUMNS = {"Name": "name", "Phone": "phone", "remark": "-"}


def test_a_csv_is_read_from_a_text_from_lines_and_from_a_file(tmp_path: Path) -> None:
    """As a spreadsheet writes it: a mark in front, semicolons, lines that end in two letters."""
    file = tmp_path / "people.csv"
    file.write_bytes(TEXT.encode())
    with file.open(encoding="utf-8", newline="") as lines:
        read = [list(csv_rows(source, COLUMNS)) for source in (TEXT, StringIO(TEXT), TEXT.splitlines(True), lines)]
    assert read[1:] == read[:-1]
    assert [
        {"name": "Anna", "phone": ["8 912 345-67-89"], "tags": ["vip"], "-remark": None},
        {"name": "Boris", "phone": ["+79123456790"], "tags": "", "-remark": None},
    ] == read[0]


def test_a_bound_crm_imports_an_upload_in_one_line() -> None:
    """Bytes as a web framework hands them over."""
    upload = TextIOWrapper(BytesIO(TEXT.encode()), encoding="utf-8-sig", newline="")
    with CRM.open("memory://", region="RU") as crm:
        assert 2 == crm.import_clients(csv_rows(upload, COLUMNS)).added
        with crm.read() as tx:
            assert ["Anna"] == [one.name for one in tx.clients.list(tag="vip")]


def test_cells_are_read_as_their_keywords_want_them() -> None:
    """What cannot be read stays a text, and is refused with a reason by the import."""
    (row,) = csv_rows("external_id,amount,at,minutes,phone\nshop:42,9.90 EUR,2026-05-01T12:00:00+00:00,5,1 ; 2\n")
    assert {
        "external_id": ("shop", "42"), "amount": Money("9.90", "EUR"), "at": datetime(2026, 5, 1, 12, tzinfo=UTC),
        "minutes": 5, "phone": ["1", "2"],
    } == row  # fmt: skip
    (row,) = csv_rows("external_id,amount,at,minutes\n42,much,soon,few\n")
    assert {"external_id": "42", "amount": "much", "at": "soon", "minutes": "few"} == row


def test_a_cell_too_many_is_a_column_that_nobody_knows() -> None:
    """Its text is not lost in silence."""
    with CRM.open("memory://") as crm:
        report = crm.import_clients(csv_rows("name,email\nAnna,anna@example.org,more\n"))
    assert [("column 3", "unknown")] == [(one.path, one.code) for one in report.faults]


def test_an_empty_text_has_no_rows() -> None:
    """Nor has one with a head only."""
    assert [] == [*csv_rows(""), *csv_rows("name,email\n"), *json_rows("\n\n")]


def test_json_lines_are_objects_or_refused() -> None:
    """A line that is none is told as one."""
    rows = list(json_rows('{"Name": "Anna", "tags": ["vip"]}\n\nnothing\n[1]\n', {"Name": "name"}))
    assert [{"name": "Anna", "tags": ["vip"]}, None, [1]] == rows
    with CRM.open("memory://") as crm:
        report = crm.import_clients(rows)
    assert (1, 2) == (report.added, report.refused)


def test_what_is_no_text_is_said_in_our_words() -> None:
    """Neither the codec's error nor the csv module's gets out."""
    for read in (csv_rows, json_rows):
        with pytest.raises(Invalid, match="UTF-8"):
            list(read(TextIOWrapper(BytesIO("name\nJörg".encode("latin-1")), encoding="utf-8")))

    def endless() -> Iterator[str]:
        yield "name\n"
        yield '"' + "x" * 200_000

    with pytest.raises(Invalid, match="quote"):
        list(csv_rows(endless()))


@pytest.mark.parametrize("head", ["name,email", "client_phone,channel,direction", "client_phone,amount"])
def test_a_row_with_nothing_in_it_is_skipped(crm: CRM, head: str) -> None:
    """As spreadsheets leave some at the end of a file; the numbers of the others stay what they are."""
    text = f"{head}\n{',' * head.count(',')}\n,?{',' * (head.count(',') - 1)}\n"
    door = {"name": crm.import_clients, "channel": crm.import_touchpoints, "amount": crm.import_purchases}
    report = next(door[word] for word in ("name", "channel", "amount") if word in head)(csv_rows(text))
    assert (2, 0, 1, 1) == (report.read, report.added, report.skipped, report.refused)
    assert {2} == {fault.row for fault in report.faults}


def test_a_quote_that_is_never_closed_swallows_no_rows() -> None:
    """An inch sign is no such quote, nor is a text of several lines."""
    with pytest.raises(Invalid, match="quote"):
        list(csv_rows('name,phone\n"Anna,1\nBob,2\nEve,3\n'))
    rows = list(csv_rows('name,remark\nAnna,17" screen\nBob,"two\nlines ""quoted"""\n'))
    assert ['17" screen', 'two\nlines "quoted"'] == [row["remark"] for row in rows]


def test_several_columns_of_phones_are_joined_and_of_names_refused() -> None:
    """A number is never lost because another column has none."""
    columns = {"Mobile": "phone", "Home": "phone", "First": "name", "Last": "name"}
    text = "First,Mobile,Home\nAnna,1,\nBob,,2\nEve,3,4\nZoe,,\n"
    rows = list(csv_rows(text, columns))
    assert [["1"], ["2"], ["3", "4"], ""] == [row["phone"] for row in rows]
    for head in ("First,Last", "name,name"):
        with pytest.raises(Invalid, match="Two columns are name"):
            list(csv_rows(f"{head}\nAnna,Petrova\n", columns))
    with pytest.raises(Invalid, match="Two columns are name"):
        list(json_rows('{"First": "Anna", "Last": "Petrova"}', columns))


@pytest.mark.parametrize("read", [csv_rows, json_rows])
@pytest.mark.parametrize("given", [b"name\nAnna\n", BytesIO(b"name\nAnna\n"), [1, 2]])
def test_bytes_are_refused_with_what_makes_a_text_of_them(read: Any, given: Any) -> None:
    """As an upload's stream would be."""
    with pytest.raises(Invalid, match="TextIOWrapper"):
        list(read(given))


def test_json_that_is_too_deep_is_no_object() -> None:
    """It is refused as a row, like any other line that is none."""
    assert [None] == list(json_rows("[" * 100_000))
