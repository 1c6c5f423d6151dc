"""P10: deliveries that nobody waits for, that were given up, or that wait for long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from crmkit.plugins.delivery.outbox import Lag
from crmkit.plugins.doctor.finding import Finding
from crmkit.plugins.host import Plugins

#: What waits so long is behind.
LATE = timedelta(minutes=15)


def of_deliveries(plugins: Plugins, lag: Mapping[str, Lag], now: datetime) -> Iterator[Finding]:
    """
    By subscriber: whose is not there any more, what is dead, what has waited too long.

    P10: See why with `crmkit outbox list`; then `retry` them, or `discard` them. What waits needs a relay that runs.
    Without a store nobody looks.
    """
    known = {name for status in plugins.status() for name in status.subscribers}
    for name, one in lag.items():
        plugin = name.partition(".")[0]
        if name not in known:
            yield Finding("P10", plugin, (
                f"{one.waiting + one.dead} deliveries are for {name}, which is not there. "
                f"Switch it on again, or: crmkit outbox discard URL --subscriber {name}"
            ))  # fmt: skip
            continue
        if one.dead:
            say = f"{one.dead} deliveries to {name} are dead. See why: crmkit outbox list URL --subscriber {name}"
            yield Finding("P10", plugin, say)
        if one.waiting and now - one.oldest > LATE:
            minutes = int((now - one.oldest).total_seconds() // 60)
            say = f"{one.waiting} deliveries wait for {name}, the oldest for {minutes} minutes. Does a relay run?"
            yield Finding("P10", plugin, say)
