"""One client's card and timeline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from crmkit import Card, ContactPoint, JourneyStep, Purchase, Transaction
from crmkit.demo.loading import ORIGIN
from crmkit.demo.showing.table import day, row, table

STAR = "12"  # the customer whose card is shown: one of the manager's own, whose day is shown below
LONG = timedelta(days=365)


def card(tx: Transaction) -> RenderableType:
    """Everything about one client on one screen."""
    client = tx.clients.find(external_id=(ORIGIN, STAR))
    if client is None:
        return Text("The client of the card was not loaded.\n")
    facts = Table.grid(padding=(0, 2))
    for label, value in _facts(tx, tx.clients.card(client.id)):
        facts.add_row(Text(label, style="dim"), Text(value))
    parts = (facts, Text(), _timeline(tx, tx.touchpoints.journey(client.id, gap=LONG).steps))
    return Group(Panel(Group(*parts), title=Text(client.name, style="bold"), title_align="left"), Text())


def _facts(tx: Transaction, seen: Card) -> Iterator[tuple[str, str]]:
    client = seen.client
    totals = ", ".join(str(total) for total in tx.purchases.totals(client.id).values())
    yield "kind", client.kind
    yield "lifecycle", client.lifecycle
    yield "owner", tx.users.get(client.owner).name if client.owner else "nobody"
    yield "from", f"{client.source.channel} ({client.source.ref}), {ORIGIN} id {client.external_ids[ORIGIN]}"
    for contact in seen.contacts:
        yield "contact", f"{contact.name} ({', '.join(sorted(contact.roles)).replace('_', ' ')})"
    yield "bought", f"{totals} in {tx.purchases.count(client_id=client.id)} purchases"
    for point in seen.contact_points:
        yield point.kind, _reached(point)
    for task in seen.tasks:
        yield "to do", f"{day(task.due_at)}  {task.title}"


def _timeline(tx: Transaction, steps: tuple[JourneyStep, ...]) -> Table:
    """Newest first: what was paid for what, and how long it had been."""
    ids = [step.purchase_id for step in steps if step.purchase_id is not None]
    purchases = tx.purchases.get_many(ids)
    made = table("Timeline", "when", "what", "paid", "for", "waited", numbers=("paid", "waited"), crop="for")
    for step in reversed(steps):
        paid = purchases.get(step.purchase_id) if step.purchase_id else None
        waited = Text(f"{step.waited.days} days" if step.waited else "", style="yellow" if step.gap else "dim")
        row(made, day(step.at), step.what, str(paid.amount) if paid else "", _items(paid) if paid else "", waited)
    return made


def _items(purchase: Purchase) -> str:
    first, *others = [item.product for item in purchase.items] or [""]
    return f"{first} and {len(others)} more" if others else first


def _reached(point: ContactPoint) -> str:
    """As typed, and the number it is dialled by; one that cannot be read says so."""
    if point.match_key is None:
        return f"{point.value}  (unreadable, as typed)"
    return f"{point.value}  → {point.match_key}" if point.kind == "phone" else point.value
