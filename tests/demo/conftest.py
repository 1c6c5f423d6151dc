from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from crmkit import CRM
from crmkit.demo.loading import FixedClock, Refused, load
from crmkit.demo.shop import Shop, read_shop

Rows = list[dict[str, str]]


def rows(name: str) -> Rows:
    """The file itself, read a second time and by other code."""
    with files("crmkit.demo").joinpath("data", f"{name}.csv").open("r", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def silent(what: str, done: int, total: int) -> None:
    """No bar."""


@pytest.fixture(scope="session")
def files_of_the_shop() -> dict[str, Rows]:
    return {name: rows(name) for name in ("employees", "customers", "invoices", "invoice_lines")}


@pytest.fixture(scope="session")
def shop() -> Shop:
    return read_shop()


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "crmkit-demo.db"


@pytest.fixture(scope="session")
def refused(database: Path, shop: Shop) -> list[Refused]:
    """What loading the shop into the database refused."""
    with CRM.open(f"sqlite:///{database}", clock=FixedClock(shop.today)) as crm:
        return load(crm, shop, silent)


@pytest.fixture
def crm(database: Path, shop: Shop, refused: list[Refused]) -> Iterator[CRM]:
    """The shop, loaded."""
    with CRM.open(f"sqlite:///{database}", clock=FixedClock(shop.today)) as crm:
        yield crm
