"""What the audit writes down besides changes: the host's choice when a CRM is opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from crmkit.errors import Fault, Invalid

#: As many clients as one actor's count of an hour names.
MOST: Final = 10_000


@attrs.frozen
class Audit:
    """
    With *reads*, whose personal data was handed out to whom is written down, once a block.

    Whoever reads more than *bulk* clients in one hour is told of, once, by `DataBulkAccessDetected` (None: nobody is).

    >>> from crmkit import CRM
    >>> from crmkit.events import DataRead
    >>> with CRM.open("memory://", audit=Audit(reads=True)) as crm:
    ...     with crm.bind(actor="17").begin() as tx:
    ...         anna = tx.clients.add(name="Anna")
    ...     with crm.bind(actor="18").read() as tx:
    ...         _ = tx.clients.get(anna.id)
    ...     with crm.read() as tx:
    ...         newest = tx.audit.list(limit=1)[0].event
    >>> isinstance(newest, DataRead), newest.actor, newest.kind, newest.client_ids == (anna.id,)
    (True, '18', 'client', True)
    """

    reads: bool = attrs.field(default=False, kw_only=True)
    bulk: int | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if faults := tuple(self._faults()):
            raise Invalid(*faults)

    def _faults(self) -> Iterator[Fault]:
        bulk = self.bulk
        if not isinstance(self.reads, bool):
            yield Fault("reads", "not_a_flag", "Give True or False.")
        if bulk is None:
            return
        if not isinstance(bulk, int) or isinstance(bulk, bool) or not 1 <= bulk <= MOST:
            yield Fault("bulk", "out_of_range", f"Give a whole number from 1 to {MOST}, or None.")
        elif not self.reads:
            yield Fault("bulk", "needs_reads", "Reads are counted where they are written down: say reads=True.")
