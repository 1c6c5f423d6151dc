"""A shop's server that hears of events, and CRMs that tell it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import pytest
from receiver import Receiver, Tell, receiving

from crmkit import CRM
from crmkit.plugins import Plugin
from crmkit.testing import FrozenClock
from crmkit.webhooks import Target, WebHooks, WebHookSettings


@pytest.fixture
def shop() -> Generator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def telling(url: str, clock: FrozenClock) -> Generator[Tell]:
    """Open a store whose events are told when the test says so."""
    some = list[CRM]()

    def open(targets: Mapping[str, Target], *plugins: Plugin[Any], allow: tuple[str, ...] | None = None) -> CRM:
        places = [one.url.split("/")[2] for one in targets.values()] if allow is None else allow
        hooks = WebHooks(WebHookSettings(targets=targets, allow=tuple(places)))
        some.append(CRM.open(url, region="RU", clock=clock, plugins=[hooks, *plugins], delivery="external"))
        return some[-1]

    yield open
    for crm in some:
        crm.close()
