from __future__ import annotations

import os
from pathlib import Path

import attrs

from crmkit.domain.events import BY_TOPIC, DERIVED, Event

PAGE = Path(__file__).parents[2] / "docs" / "events.md"
OPENING = """# Events

An event is a fact in the past: frozen, with ids, codes and changes, never with a person's data.
Its class, its topic and its verb are one name in different spelling: `deals.move` raises `DealMoved`, which is `deal.moved` everywhere.

```python
from crmkit import CRM
from crmkit.events import DealMoved, Event

crm = CRM.open("memory://")

@crm.on(DealMoved)          # after the commit, only if there was one
def cheer(event: DealMoved) -> None:
    print(event.from_stage, "→", event.to_stage)

@crm.on(Event)              # all of them
def count(event: Event) -> None: ...
```

Every event also says its own `id`, `at` (when its transaction began), `actor`, `source`, `correlation_id`, its `subject` (the id it names first) and that record's `version` after the change.
Of a personal field that changed only the name is told.

| event | topic | says | when |
|---|---|---|---|
"""
CLOSING = "\n*Derived*: raised by a rule instead of a verb of its own.\n"


def page() -> str:
    """The page as it should be: written from the catalogue."""
    envelope = {field.name for field in attrs.fields(Event)}
    rows = list[str]()
    for topic in sorted(BY_TOPIC):
        event = BY_TOPIC[topic]
        says = " ".join(f"`{field.name}`" for field in attrs.fields(event) if field.name not in envelope)
        derived = " *Derived.*" if event in DERIVED else ""
        rows.append(f"| `{event.__name__}` | `{topic}` | {says} | {event.__doc__}{derived} |\n")
    return OPENING + "".join(rows) + CLOSING


def test_the_page_of_events_is_the_catalogue() -> None:
    """Event by event and field by field; CRMKIT_WRITE_DOCS=1 writes it anew."""
    if os.environ.get("CRMKIT_WRITE_DOCS") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert page() == PAGE.read_text(encoding="utf-8")
