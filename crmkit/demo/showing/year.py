"""The proof question for the shop's last year."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from crmkit import Outcome, Transaction
from crmkit.demo.showing.table import day, row, table


def last_year(tx: Transaction, since: datetime) -> RenderableType:
    """Who bought, whose deal fell through, who complained: each client with the reasons, the latest first."""
    outcomes = tx.outcomes.since(since)
    owners = {user.id: user.name for user in tx.users.stream()}
    title = f"Since {day(since)}: who bought, whose deal fell through, who complained"
    made = table(title, "client", "owner", "why and when", crop="client")
    for outcome in sorted(outcomes, key=lambda one: max(_instants(one).values()), reverse=True):
        told = ", ".join(f"{why} {day(at)}" for why, at in _instants(outcome).items())
        row(made, outcome.name, owners.get(outcome.owner or "", ""), told)
    counts = [
        f"{sum(reason in outcome.reasons for outcome in outcomes)} {words}"
        for reason, words in (("bought", "bought"), ("fell_through", "fell through"), ("complained", "complained"))
    ]
    return Group(made, Text(f"{len(outcomes)} clients: {', '.join(counts)}", style="bold"), Text())


def _instants(outcome: Outcome) -> dict[str, datetime]:
    """When each reason last came about."""
    told = {
        "bought": outcome.bought_at,
        "fell through": outcome.fell_through_at,
        "complained": outcome.complained_at,
    }
    return {why: at for why, at in told.items() if at is not None}
