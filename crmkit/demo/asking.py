"""The rule that plans the shop's tasks from its history, as a host would write one."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from crmkit import Client, Transaction

REPEAT, WIN_BACK = "repeat_order", "win_back"
LATE = timedelta(days=90)
RULE = (
    "Who bought at least twice is asked for a repeat order one usual interval (the median of theirs) after the last "
    "purchase; who is more than 90 days past that gets a win-back call today."
)


def ask_again(tx: Transaction, client: Client, today: datetime) -> None:
    """Plan what the rule says for one client, unless it was planned already."""
    if tx.tasks.count(client_id=client.id):
        return
    bought = [purchase.bought_at for purchase in tx.purchases.stream(client_id=client.id)]
    if len(bought) < 2:
        return
    intervals = [(later - earlier).days for earlier, later in pairwise(bought)]
    usual = timedelta(days=round(median(intervals)))
    due = bought[-1] + usual
    if due < today - LATE:
        tx.tasks.plan(client.id, title=f"Win {client.name} back", due=today, rule=WIN_BACK)
    else:
        tx.tasks.plan(client.id, title=f"Ask {client.name} for a repeat order", due=due, rule=REPEAT)
