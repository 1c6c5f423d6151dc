"""What is written down besides changes, how often the journal is sealed, and who is given the heads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import attrs

from crmkit.domain.seal import MOST, Head
from crmkit.errors import Fault, Invalid

#: As many clients as one actor's count of an hour names.
MOST_COUNTED = 10_000
#: Keeps a head where whoever can write to the store cannot.
Sink = Callable[[Head], Any]


@attrs.frozen
class Audit:
    """
    What is written down besides changes, and how that is proven: `CRM.open(url, audit=…)`.

    With a *sink* the journal is sealed once *every* so many entries came, or *within* so long after the first of them;
    it is called with each new head of the chain, in order and at least once; one that raises is asked again. Keep the
    heads where whoever can change the store cannot change them: a folder of another machine, a mailbox, a log service.

    With *reads*, whose personal data was handed out to whom is written down, once a block. Whoever is handed more than
    *bulk* clients in one hour is told of, once, by `DataBulkAccessDetected` (None: nobody is).

    >>> from crmkit import CRM
    >>> kept = []
    >>> with CRM.open("memory://", audit=Audit(kept.append)) as crm, crm.begin() as tx:
    ...     _ = tx.clients.add(name="Anna")
    >>> [(head.number, head.entries) for head in kept]
    [(1, 1)]
    """

    sink: Sink | None = None
    every: int = MOST
    within: timedelta = timedelta(seconds=60)
    reads: bool = attrs.field(default=False, kw_only=True)
    bulk: int | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = list[Fault]()
        if self.sink is not None and not callable(self.sink):
            faults.append(Fault("sink", "not_a_function", "Give a function that takes a Head, or a FileSink."))
        if not isinstance(self.every, int) or isinstance(self.every, bool) or not 1 <= self.every <= MOST:
            faults.append(Fault("every", "not_a_number", f"Give a whole number from 1 to {MOST}."))
        if not isinstance(self.within, timedelta) or self.within <= timedelta():
            faults.append(Fault("within", "not_a_duration", "Give a timedelta above zero."))
        if not isinstance(self.reads, bool):
            faults.append(Fault("reads", "not_a_flag", "Give True or False."))
        faults += self._of_bulk()
        if faults:
            raise Invalid(*faults)

    def _of_bulk(self) -> Iterator[Fault]:
        bulk = self.bulk
        if bulk is None:
            return
        if not isinstance(bulk, int) or isinstance(bulk, bool) or not 1 <= bulk <= MOST_COUNTED:
            yield Fault("bulk", "out_of_range", f"Give a whole number from 1 to {MOST_COUNTED}, or None.")
        elif not self.reads:
            yield Fault("bulk", "needs_reads", "Reads are counted where they are written down: say reads=True.")
