"""Whoever hears of failures and dead letters may fail, too: the relay goes on."""

from __future__ import annotations

import pytest

from crmkit import CRM
from crmkit.errors import Drop, OutboundDenied
from crmkit.events import ClientAdded
from crmkit.plugins import Plugin, on
from crmkit.plugins.delivery.relay import Reports


class Failing(Plugin[None]):
    """Is never able to hear; of its errors one says that no attempt will do."""

    name = "failing"

    @on(ClientAdded, attempts=1)
    def hear(self, event: ClientAdded) -> None:
        raise ZeroDivisionError

    @on(ClientAdded)
    def ask(self, event: ClientAdded) -> None:
        raise OutboundDenied("10.0.0.1", "private")


class Hearing(Plugin[None]):
    """Hears, and remembers it."""

    name = "hearing"

    def __init__(self) -> None:
        super().__init__()
        self.heard = 0

    @on(ClientAdded)
    def hear(self, event: ClientAdded) -> None:
        self.heard += 1
        if self.heard == 3:
            raise Drop


@pytest.mark.parametrize("error", [RuntimeError("Ada"), SystemExit(3)])
def test_reports_that_raise_stop_nobody(url: str, error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """What became of the attempt is kept all the same, and the others hear; the log quotes nothing."""

    def raises(*_: object) -> None:
        raise error

    hearing = Hearing()
    with CRM.open(url, plugins=[Failing(), hearing], delivery="external") as crm:
        crm.relay._reports = Reports(raises, raises)
        for _ in range(3):
            with crm.begin() as tx:
                tx.clients.add(name="Ada")
        did = crm.relay.drain()
        assert (3, 6, 2, 1) == (hearing.heard, did.dead, did.told, did.dropped)
        assert {"ZeroDivisionError", "OutboundDenied"} == {
            (one.error or "").split()[0] for one in crm.relay.outbox.list(state="dead")
        }
    assert f"A report failed: {type(error).__name__} at test_reports.py" in caplog.text
    assert "Ada" not in caplog.text
