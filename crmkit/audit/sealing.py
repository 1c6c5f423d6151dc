"""How often the journal is sealed, and who is given the heads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs

from crmkit.domain.seal import MOST, Head
from crmkit.errors import Fault, Invalid

#: Keeps a head where whoever can write to the store cannot.
Sink = Callable[[Head], Any]


@attrs.frozen
class Audit:
    """
    Seal the journal once *every* so many entries came, or *within* so long after the first of them.

    *sink* is called with each new head of the chain, in order and at least once; one that raises is asked again. Keep
    the heads where whoever can change the store cannot change them: a folder of another machine, a mailbox, a log
    service. Give it to `CRM.open(url, audit=…)`.

    >>> from crmkit import CRM
    >>> kept = []
    >>> with CRM.open("memory://", audit=Audit(kept.append)) as crm, crm.begin() as tx:
    ...     _ = tx.clients.add(name="Anna")
    >>> [(head.number, head.entries) for head in kept]
    [(1, 1)]
    """

    sink: Sink
    every: int = MOST
    within: timedelta = timedelta(seconds=60)

    def __attrs_post_init__(self) -> None:
        faults = list[Fault]()
        if not callable(self.sink):
            faults.append(Fault("sink", "not_a_function", "Give a function that takes a Head, or a FileSink."))
        if not isinstance(self.every, int) or isinstance(self.every, bool) or not 1 <= self.every <= MOST:
            faults.append(Fault("every", "not_a_number", f"Give a whole number from 1 to {MOST}."))
        if not isinstance(self.within, timedelta) or self.within <= timedelta():
            faults.append(Fault("within", "not_a_duration", "Give a timedelta above zero."))
        if faults:
            raise Invalid(*faults)
