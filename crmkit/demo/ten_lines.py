"""The ten lines of Python that answer what the demo showed; shown to the reader, and run by a test."""

TEN_LINES = """\
from datetime import UTC, datetime
from crmkit import CRM

with CRM.open("sqlite:///crmkit-demo.db") as crm, crm.read() as tx:
    client = tx.clients.matches(email="frantisekw@jetbrains.com")[0]
    print(client.name, dict(tx.purchases.totals(client.id)))
    for outcome in tx.outcomes.since(datetime(2010, 12, 23, tzinfo=UTC)):
        print(outcome.client.name, sorted(outcome.reasons))
    for task in tx.tasks.agenda(assignee="3", limit=5):
        print(task.due_at.date(), task.title)
    print(tx.clients.count(owner="3"), "clients are hers")
"""
