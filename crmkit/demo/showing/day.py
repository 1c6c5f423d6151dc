"""One manager's agenda, and the clients that are hers."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from crmkit import Transaction
from crmkit.demo.asking import RULE
from crmkit.demo.showing.table import day, row, table

MANAGER = "3"  # the employee whose day is shown
SHOWN = 12


def managers_day(tx: Transaction, today: datetime) -> RenderableType:
    """What is due first, by which rule, and whose turn it is."""
    name = tx.users.get(MANAGER).name
    agenda = table(f"{name}'s agenda on {day(today)}", "due", "what", "rule", crop="what")
    tasks = list(tx.tasks.agenda(assignee=MANAGER, limit=1000))
    for task in tasks[:SHOWN]:
        due = Text(day(task.due_at), style="red" if task.is_overdue(today) else "")
        row(agenda, due, task.title, Text(task.rule or "", style="dim"))
    hers = list(tx.clients.stream(owner=MANAGER, order_by="-last_bought_at"))
    clients = table(f"Her {len(hers)} clients, latest buyers first", "client", "state", "last bought", crop="client")
    for client in hers:
        row(clients, client.name, client.lifecycle, day(client.last_bought_at))
    late = sum(task.is_overdue(today) for task in tasks)
    told = f"{len(tasks)} tasks, {late} overdue; {max(len(tasks) - SHOWN, 0)} later ones are not shown."
    return Group(agenda, Text(told, style="bold"), Text(f"The rule: {RULE}", style="dim"), Text(), clients, Text())
