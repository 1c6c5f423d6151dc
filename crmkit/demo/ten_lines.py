"""The ten lines of Python that answer what the demo showed; shown to the reader, and run by a test."""

from __future__ import annotations

TEN_LINES = """\
from datetime import UTC, datetime
from crmkit import CRM

with CRM.open("sqlite:///crmkit-demo.db") as crm, crm.read() as tx:
    id = tx.clients.matches(external_id=("chinook", "12"))[0].id
    card, journey = tx.clients.card(id), tx.touchpoints.journey(id)
    print(card.client.name, [f"{step.at:%b %Y}" for step in journey.steps])
    for one in tx.outcomes.since(datetime(2010, 12, 23, tzinfo=UTC)):
        print(one.name, *one.reasons)
    print([task.title for task in tx.tasks.agenda(assignee="3")])
    print([client.name for client in tx.clients.list(owner="3")])
"""


def ten_lines(url: str) -> str:
    """The same, for a database that stands elsewhere."""
    return TEN_LINES.replace("sqlite:///crmkit-demo.db", url)
