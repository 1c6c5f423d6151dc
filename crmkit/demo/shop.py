"""The shop as it wrote itself down: four files, read as they are."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files

import attrs

Row = Mapping[str, str]


@attrs.frozen
class Line:
    """One line of an invoice."""

    product: str
    genre: str
    unit_price: str
    quantity: int


@attrs.frozen
class Invoice:
    """What one customer bought on one day."""

    id: str
    customer_id: str
    date: datetime
    total: Decimal
    lines: tuple[Line, ...]


@attrs.frozen
class Shop:
    """Everybody and everything, in the order of the files."""

    employees: tuple[Row, ...]
    customers: tuple[Row, ...]
    invoices: tuple[Invoice, ...]

    @property
    def today(self) -> datetime:
        """One day after the last invoice: when the demo takes place."""
        return max(invoice.date for invoice in self.invoices) + timedelta(days=1)


def read_shop() -> Shop:
    """Read the files that come with the package."""
    lines = defaultdict[str, list[Line]](list)
    for row in _rows("invoice_lines"):
        line = Line(row["product"], row["genre"], row["unit_price"], int(row["quantity"]))
        lines[row["invoice_id"]].append(line)
    invoices = [
        Invoice(
            row["invoice_id"], row["customer_id"], datetime.fromisoformat(row["invoice_date"]).replace(tzinfo=UTC),
            Decimal(row["total"]), tuple(lines[row["invoice_id"]]),
        )
        for row in _rows("invoices")
    ]  # fmt: skip
    return Shop(_rows("employees"), _rows("customers"), tuple(invoices))


def _rows(name: str) -> tuple[Row, ...]:
    text = files("crmkit.demo").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
