"""Load the shop through the public API; what is there already is found, so that a second run adds nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

import attrs

from crmkit import CRM, Client, Item, Money, Source, Transaction
from crmkit.demo.asking import ask_again
from crmkit.demo.countries import LANGUAGES, REGIONS
from crmkit.demo.shop import Invoice, Row, Shop
from crmkit.errors import Fault, Invalid

T = TypeVar("T")
ORIGIN = "chinook"
CHUNK = 50
#: Told of each step: what is being loaded, how much is done, how much there is.
Progress = Callable[[str, int, int], None]


@attrs.frozen
class Refused:
    """One thing that was not taken, and why."""

    what: str
    why: str


@attrs.frozen
class FixedClock:
    """A clock that stands still."""

    at: datetime

    def now(self) -> datetime:
        """The one instant it knows."""
        return self.at


def load(crm: CRM, shop: Shop, progress: Progress) -> list[Refused]:
    """Load everybody and everything, in transactions of at most fifty; say what was refused and why."""
    importing, refused = crm.bind(source=Source("import", ref=ORIGIN)), list[Refused]()

    def tried(what: str, load_one: Callable[[], object]) -> None:
        try:
            load_one()
        except Invalid as error:
            refused.append(Refused(what, str(error)))

    agents = {row["employee_id"] for row in shop.employees}

    def customer(tx: Transaction, row: Row) -> None:
        owner = row["support_rep_id"] if row["support_rep_id"] in agents else None
        tried(f"customer {row['customer_id']}", lambda: load_client(tx, row, owner))

    def invoice(tx: Transaction, one: Invoice) -> None:
        tried(f"invoice {one.id}", lambda: load_purchase(tx, one))

    with importing.begin() as tx:
        load_people(tx, shop)
    progress("people", len(shop.employees), len(shop.employees))
    _in_chunks(importing, "clients", shop.customers, customer, progress)
    _in_chunks(importing, "purchases", shop.invoices, invoice, progress)
    with importing.read() as tx:
        clients = list(tx.clients.stream())
    _in_chunks(importing, "tasks", clients, lambda tx, client: ask_again(tx, client, shop.today), progress)
    crm.run_due()
    return refused


def load_people(tx: Transaction, shop: Shop) -> None:
    """Employees become users under their own numbers; whoever has people under them leads a team of theirs."""
    titles = {row["employee_id"]: row["title"] for row in shop.employees}
    above = {row["employee_id"]: row["reports_to"] for row in shop.employees}
    for id, title in titles.items():
        if id in above.values():
            tx.teams.put(f"team-{id}", name=f"{title}'s team", parent=_team(above[id]), lead=id)
    for row in shop.employees:
        id = row["employee_id"]
        team = f"team-{id}" if id in above.values() else _team(above[id])
        tx.users.put(id, name=f"{row['first_name']} {row['last_name']}", email=row["email"], team=team)


def load_client(tx: Transaction, row: Row, owner: str | None) -> Client:
    """A customer becomes a client; one with a company an organization, and the customer a contact there."""
    name, region = f"{row['first_name']} {row['last_name']}", REGIONS.get(row["country"])
    client, added = tx.clients.ensure(
        name=row["company"] or name,
        kind="organization" if row["company"] else "person",
        external_id=(ORIGIN, row["customer_id"]),
        owner=owner,
        region=region,
        language=LANGUAGES.get(region or ""),
    )
    if added:
        contact = tx.contacts.add(client.id, name=name, roles=["buyer"]) if row["company"] else None
        contact_id = contact.id if contact else None
        for phone in (row["phone"], row["fax"]):
            if phone:
                tx.contact_points.add(client.id, phone=phone, contact_id=contact_id, keep_unreadable=True)
        tx.contact_points.add(client.id, email=row["email"], contact_id=contact_id, keep_unreadable=True)
        tx.contact_points.add(client.id, postal=postal_address(row))
    return client


def load_purchase(tx: Transaction, invoice: Invoice) -> None:
    """An invoice becomes a purchase with its lines."""
    client = tx.clients.find(external_id=(ORIGIN, invoice.customer_id))
    if client is None:
        raise Invalid(Fault("customer_id", "not_found", f"Customer {invoice.customer_id} was not loaded."))
    tx.purchases.record(
        client.id,
        amount=Money(invoice.total, "USD"),
        items=[Item(line.product, line.quantity, Money(line.unit_price, "USD"), line.genre) for line in invoice.lines],
        at=invoice.date,
        channel="online",
        origin=ORIGIN,
        external_id=invoice.id,
    )


def postal_address(row: Row) -> str:
    """A customer's address in one line."""
    parts = (row["address"], row["city"], row["state"], row["postal_code"], row["country"])
    return ", ".join(part.strip() for part in parts if part.strip())


def _team(manager: str) -> str | None:
    return f"team-{manager}" if manager else None


def _in_chunks(
    crm: CRM, what: str, rows: Sequence[T], load_one: Callable[[Transaction, T], object], progress: Progress
) -> None:
    for start in range(0, len(rows), CHUNK):
        with crm.begin() as tx:
            for row in rows[start : start + CHUNK]:
                load_one(tx, row)
        progress(what, min(start + CHUNK, len(rows)), len(rows))
