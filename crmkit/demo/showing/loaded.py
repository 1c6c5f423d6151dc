"""What was loaded, and what was not taken as it stood."""

from __future__ import annotations

from collections.abc import Iterable

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.text import Text

from crmkit import Lifecycle, Transaction
from crmkit.demo.loading import Refused
from crmkit.demo.oddities import oddities
from crmkit.demo.shop import Shop
from crmkit.demo.showing.table import row, table

LIFECYCLES: tuple[Lifecycle, ...] = ("prospect", "active", "dormant", "lost", "archived")


def loaded(tx: Transaction, shop: Shop) -> RenderableType:
    """How much the files hold, how much of it is here, and in which state the clients are."""
    purchases = list(tx.purchases.stream())
    sold = sum(purchase.amount.amount for purchase in purchases if purchase.amount)
    what = table("", "What was loaded", "in the files", "here", numbers=("in the files", "here"))
    for name, there, here in (
        ("employees as users", len(shop.employees), tx.users.count()),
        ("their teams", "", tx.teams.count()),
        ("customers as clients", len(shop.customers), tx.clients.count()),
        ("  companies as organizations", sum(bool(one["company"]) for one in shop.customers), tx.contacts.count()),
        ("phones, faxes, emails, streets", _ways(shop), tx.contact_points.count()),
        ("invoices as purchases", len(shop.invoices), len(purchases)),
        ("  their lines", sum(len(one.lines) for one in shop.invoices), sum(len(one.items) for one in purchases)),
        ("sold, in USD", sum(one.total for one in shop.invoices), sold),
        ("tasks planned by rule", "", tx.tasks.count()),
    ):
        row(what, name, Text(f"{there:,}" if there else "", style="dim"), f"{here:,}")
    states = table("", "Clients", "here", numbers=("here",))
    for state in LIFECYCLES:
        row(states, state, str(tx.clients.count(lifecycle=state)))
    row(states, "without an owner", str(tx.clients.count(owner=None)))
    return Group(Columns([what, states], padding=(0, 4)), Text())


def not_as_it_stood(tx: Transaction, shop: Shop, refused: Iterable[Refused]) -> RenderableType:
    """What could not be read, has no place or was refused, and why; nothing is lost silently."""
    made = table("What was not taken as it stood, and why", "whose", "as typed", "why")
    for one in refused:
        row(made, one.what, "", f"refused: {one.why}")
    for odd in oddities(tx, shop):
        row(made, odd.whose, odd.typed, odd.why)
    if not made.row_count:
        row(made, "nothing", "", "")
    return Group(made, Text())


def _ways(shop: Shop) -> int:
    """How many ways to reach somebody the files hold."""
    return sum(bool(one[column].strip()) for one in shop.customers for column in ("phone", "fax", "email", "address"))
