"""What a person sees: the shop at a glance, one client, the shop's last year, one manager's day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from crmkit import CRM, Lifecycle, Transaction
from crmkit.demo.asking import RULE
from crmkit.demo.loading import ORIGIN, Refused
from crmkit.demo.shop import Shop
from crmkit.demo.ten_lines import TEN_LINES

STAR = "5"  # the customer whose card is shown
MANAGER = "3"  # the employee whose day is shown
YEAR = timedelta(days=365)
LIFECYCLES: tuple[Lifecycle, ...] = ("prospect", "active", "dormant", "lost", "archived")


def show(console: Console, crm: CRM, shop: Shop, refused: Iterable[Refused]) -> None:
    """Everything, from top to bottom."""
    with crm.read(snapshot=True) as tx:
        console.print(loaded(tx, shop))
        console.print(not_as_it_stood(tx, refused))
        console.print(card(tx))
        console.print(last_year(tx, shop.today - YEAR))
        console.print(managers_day(tx, shop.today))
    console.print(
        Panel(
            Syntax(TEN_LINES.rstrip(), "python", theme="ansi_dark"), title="The same in ten lines", title_align="left"
        )
    )


def loaded(tx: Transaction, shop: Shop) -> RenderableType:
    """How much of everything there is, and in which state the clients are."""
    what = _table("", "What was loaded", "#")
    revenue = sum(invoice.total for invoice in shop.invoices)
    for name, count in (
        ("employees as users", tx.users.count()),
        ("teams", tx.teams.count()),
        ("customers as clients", tx.clients.count()),
        ("  of them organizations", tx.clients.count(kind="organization")),
        ("contact points", tx.contact_points.count()),
        ("invoices as purchases", tx.purchases.count()),
        ("  with lines", sum(len(purchase.items) for purchase in tx.purchases.stream())),
        ("tasks planned by rule", tx.tasks.count()),
    ):
        what.add_row(name, f"{count:,}")
    what.add_row("sold, in USD", f"{revenue:,}")
    states = _table("", "Clients by lifecycle", "#")
    for state in LIFECYCLES:
        states.add_row(state, str(tx.clients.count(lifecycle=state)))
    states.add_row("unassigned", str(tx.clients.count(owner=None)))
    return Group(Columns([what, states], padding=(0, 4)), Text())


def not_as_it_stood(tx: Transaction, refused: Iterable[Refused]) -> RenderableType:
    """What could not be read or was refused, and why; nothing is lost silently."""
    table = _table("What was not taken as it stood, and why", "whose", "as typed", "why")
    for point in tx.contact_points.list(readable=False, limit=1000):
        client = tx.clients.get(point.client_id)
        table.add_row(
            client.name,
            point.value,
            f"no possible {point.kind} number in {client.region}: kept as typed, matched by nothing",
        )
    for one in refused:
        table.add_row(one.what, "", f"refused: {one.why}")
    if not table.row_count:
        table.add_row("nothing", "", "")
    return Group(table, Text())


def card(tx: Transaction) -> RenderableType:
    """One client's card and timeline."""
    client = tx.clients.find(external_id=(ORIGIN, STAR))
    if client is None:
        return Text("The client of the card was not loaded.")
    seen = tx.clients.card(client.id)
    owner = tx.users.get(client.owner).name if client.owner else "nobody"
    facts = Table.grid(padding=(0, 2))
    totals = ", ".join(str(total) for total in tx.purchases.totals(client.id).values())
    for label, value in (
        ("kind", client.kind),
        ("lifecycle", client.lifecycle),
        ("owner", owner),
        ("from", f"{client.source.channel} ({client.source.ref})"),
        ("decides", ", ".join(contact.name for contact in tx.clients.decision_makers(client.id))),
        ("bought", f"{totals} in {tx.purchases.count(client_id=client.id)} purchases"),
        *((point.kind, _reached(point.value, point.match_key)) for point in seen.contact_points),
        *(("to do", f"{task.due_at:%d %b %Y}  {task.title}") for task in seen.tasks),
    ):
        facts.add_row(Text(label, style="dim"), value)
    timeline = Table.grid(padding=(0, 2))
    timeline.add_row(Text("timeline", style="bold"))
    for step in reversed(tx.touchpoints.journey(client.id).steps):
        waited = f"{step.waited.days} days after the one before" if step.waited else "the first"
        timeline.add_row(f"{step.at:%d %b %Y}", step.what, Text(waited, style="yellow" if step.gap else "dim"))
    return Group(Panel(Group(facts, Text(), timeline), title=client.name, title_align="left"), Text())


def last_year(tx: Transaction, since: datetime) -> RenderableType:
    """The proof question: who bought, whose deal fell through, who complained."""
    outcomes = tx.outcomes.since(since)
    table = _table(
        f"Since {since:%d %b %Y}: who bought, whose deal fell through, who complained", "client", "reasons", "when"
    )
    for outcome in sorted(outcomes, key=lambda one: one.bought_at or since, reverse=True):
        told = [
            (kind, at)
            for kind, at in (
                ("bought", outcome.bought_at),
                ("fell through", outcome.fell_through_at),
                ("complained", outcome.complained_at),
            )
            if at is not None
        ]
        table.add_row(
            outcome.client.name, ", ".join(kind for kind, _ in told), ", ".join(f"{at:%d %b %Y}" for _, at in told)
        )
    counts = [
        f"{sum(reason in outcome.reasons for outcome in outcomes)} {words}"
        for reason, words in (("bought", "bought"), ("fell_through", "fell through"), ("complained", "complained"))
    ]
    return Group(table, Text(f"{len(outcomes)} clients: {', '.join(counts)}", style="bold"), Text())


def managers_day(tx: Transaction, today: datetime) -> RenderableType:
    """One manager's agenda, and the clients that are hers."""
    name = tx.users.get(MANAGER).name
    agenda = _table(f"{name}'s agenda on {today:%d %b %Y}", "due", "what")
    tasks = tx.tasks.agenda(assignee=MANAGER, until=today + timedelta(days=60), limit=12)
    for task in tasks:
        late = task.is_overdue(today)
        agenda.add_row(Text(f"{task.due_at:%d %b %Y}", style="red" if late else ""), task.title)
    hers = tx.clients.list(owner=MANAGER, order_by="-last_bought_at", limit=1000)
    clients = _table(f"Her {len(hers)} clients, latest buyers first", "client", "state", "last bought")
    for client in hers:
        clients.add_row(
            client.name, client.lifecycle, f"{client.last_bought_at:%d %b %Y}" if client.last_bought_at else ""
        )
    return Group(agenda, Text(f"The rule: {RULE}", style="dim"), Text(), clients, Text())


def _reached(value: str, match_key: str | None) -> str:
    return value if match_key in (None, value) or match_key == value.casefold() else f"{value}  → {match_key}"


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in columns:
        table.add_column(column, justify="right" if column == "#" else "left", header_style="dim", overflow="fold")
    return table
