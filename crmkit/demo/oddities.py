"""What stands in the files but not in the CRM, or not as it stood there: told, so that nothing is lost silently."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import attrs

from crmkit import Transaction
from crmkit.demo.countries import REGIONS
from crmkit.demo.shop import Row, Shop


@attrs.frozen
class Oddity:
    """Whose it is, how it was typed, and what became of it."""

    whose: str
    typed: str
    why: str


def oddities(tx: Transaction, shop: Shop) -> list[Oddity]:
    """All of them: what could not be read, what is odd in a row, what has no place."""
    return [*_unreadable(tx), *_odd_customers(shop), *_odd_invoices(shop), *_without_a_place(shop)]


def _unreadable(tx: Transaction) -> Iterator[Oddity]:
    for point in tx.contact_points.stream(readable=False):
        client = tx.clients.get(point.client_id)
        country = f" in {client.region}" if client.region and point.kind == "phone" else ""
        yield Oddity(client.name, point.value, f"no possible {point.kind}{country}: kept as typed, matched by nothing")


def _odd_customers(shop: Shop) -> Iterator[Oddity]:
    agents = {row["employee_id"] for row in shop.employees}
    for row in shop.customers:
        name = f"{row['first_name']} {row['last_name']}"
        for column, value in row.items():
            if value != value.strip():
                yield Oddity(name, repr(value), f"{column}: the spaces around it were left out")
        if row["fax"] and _digits(row["fax"]) == _digits(row["phone"]):
            yield Oddity(name, row["fax"], "fax: the number of the phone, which is here once")
        if row["country"] not in REGIONS:
            yield Oddity(name, row["country"], "no such country: kept in the address, phones read only with a +")
        if row["support_rep_id"] not in agents:
            yield Oddity(name, row["support_rep_id"], "no such employee: left unassigned")


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))


def _odd_invoices(shop: Shop) -> Iterator[Oddity]:
    for invoice in shop.invoices:
        lines = sum((Decimal(line.unit_price) * line.quantity for line in invoice.lines), Decimal(0))
        if lines != invoice.total:
            yield Oddity(
                f"invoice {invoice.id}", str(invoice.total), f"its lines come to {lines}: recorded as the invoice says"
            )


def _without_a_place(shop: Shop) -> Iterator[Oddity]:
    """A user has a name, an email and a team; the rest of an employee's row is the host's to keep."""
    told = [column for column in ("phone", "title", "hire_date", "city", "country") if _any(shop.employees, column)]
    if told:
        columns = ", ".join(column.replace("_", " ") for column in told)
        yield Oddity(f"{len(shop.employees)} employees", columns, "a user has none of these: they stay in the file")


def _any(rows: tuple[Row, ...], column: str) -> bool:
    return any(row.get(column) for row in rows)
