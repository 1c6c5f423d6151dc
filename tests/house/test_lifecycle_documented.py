from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hooks.crm_after_deal_won import FollowUp
from hooks.crm_around_command import Metrics
from hooks.crm_assign_owner import Fair
from hooks.crm_check_deal_stage import Pipeline
from hooks.crm_filter_touchpoint import Tidy
from hooks.crm_project import Thanks

from crmkit import CRM, Money
from crmkit.events import DealWon
from crmkit.plugins import Plugin, RecordChange, hookimpl, on

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"
OPENING = """# The lifecycle of a command

What follows was printed by a run with `CRMKIT_TRACE_HOOKS=1`, and a test compares it: the order written here is the order there is.
Set it in your own program, and every step goes to standard error.

The plugins are those of [the reference](hooks.md), in the order metrics, tidy, fair, pipeline, strict, thanks, bell, follow_up; delivery is `inline`, so that everything happens in one thread.
The command records a letter, opens a deal without an owner, and wins it:

```py
with crm.begin() as tx:
    tx.touchpoints.record(anna.id, channel="email", direction="inbound", summary=" Hello ")
    deal = tx.deals.open(anna.id, title="Order", amount=Money(10, "EUR"))
    tx.deals.win(deal.id)
```

"""
CLOSING = """
How to read it:

- A **verb** begins with `crm_around_command`. Verbs may use others, as winning a deal records a purchase.
- Each **record** it keeps is filtered first, then checked: guards see what is final. If one of them objects, nothing of the verb is written, and if it had written before, the transaction is over.
- Guards and filters take sequences, so that many records can be handed over in one call; nothing calls a hook for each row of a list.
- **`crm_project`** is called once for a transaction, after its last verb. What it writes goes through filters and guards like anything else, and is not projected again.
- **The journal** takes the events and the names of their durable subscribers in the same commit. A crash after it loses nothing.
- After **COMMIT** nothing can be undone. Those who hear at once (`durable=False`) come first, then the host's `crm.on`, then the relay: in a thread of its own unless the host says otherwise, and at least once. Its bare pairs of BEGIN and COMMIT make deliveries of the journal, claim one, and give it back.
- What an observer writes is a transaction of its own, with all of this again.
"""


class Strict(Plugin[None]):
    @hookimpl
    def crm_check_change(self, changes: Sequence[RecordChange]) -> None: ...


class Bell(Plugin[None]):
    @on(DealWon, durable=False)
    def ring(self, event: DealWon) -> None: ...


def _host(event: DealWon) -> None:
    sys.stderr.write(f"crmkit: crm.on({type(event).__name__}): the host\n")


def _steps(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """One command, as it is traced."""
    plugins = [Metrics(), Tidy(), Fair(), Pipeline(), Strict(), Thanks(), Bell(), FollowUp()]
    with CRM.open("memory://", plugins=plugins, delivery="inline") as crm:
        crm.on(DealWon)(_host)
        with crm.begin() as tx:
            anna = tx.clients.add(name="Anna")
        capsys.readouterr()
        with crm.begin() as tx:
            tx.touchpoints.record(anna.id, channel="email", direction="inbound", summary=" Hello ")
            deal = tx.deals.open(anna.id, title="Order", amount=Money(10, "EUR"))
            tx.deals.win(deal.id)
        return [line.removeprefix("crmkit: ") for line in capsys.readouterr().err.splitlines()]


def test_the_page_of_the_lifecycle_is_what_a_traced_command_goes_through(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Step by step; CRMKIT_WRITE_DOCS=1 writes it anew."""
    monkeypatch.setenv("CRMKIT_TRACE_HOOKS", "1")
    numbered = "".join(f"{place:>2}. {step}\n" for place, step in enumerate(_steps(capsys), 1))
    page = f"{OPENING}```text\n{numbered}```\n{CLOSING}"
    if os.environ.get("CRMKIT_WRITE_DOCS") == "1":
        PAGE.write_text(page, encoding="utf-8")
    assert page == PAGE.read_text(encoding="utf-8")
