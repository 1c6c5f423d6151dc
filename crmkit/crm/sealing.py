"""When the journal is sealed, and how the heads get to the sink."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from threading import Lock

from crmkit.audit import Audit, Head, Sink
from crmkit.crm.telling import MODES
from crmkit.domain.query import Query
from crmkit.domain.seal import MOST, Seal, head_of
from crmkit.domain.where import Test
from crmkit.errors import CRMError
from crmkit.plugins.delivery.forking import forks
from crmkit.plugins.delivery.modes import Mode
from crmkit.ports import Clock
from crmkit.services.sealing.sealing import is_anything_new, is_overdue, last_seal, seal_some
from crmkit.services.transaction import Transaction

logger = logging.getLogger("crmkit.audit")
Block = Callable[[], AbstractContextManager[Transaction]]
#: How many seals are read at once whose heads are still to be offered.
AT_ONCE = 10
#: How often a process that only looks after the store looks whether much has come.
SOON = timedelta(seconds=1)


class Sealing:
    """
    One for each CRM that was given an `Audit`.

    Each process counts its own commits, and seals whatever it finds then, of any process. A head is offered until the
    sink has taken it; of what was sealed before this process began only the last is offered again, since it stands for
    all before it.
    """

    doing = "Sealing"
    #: When the first entry was committed that this process has not sealed.
    _since: datetime | None

    def __init__(self, audit: Audit, sink: Sink, begin: Block, read: Block, clock: Clock, mode: Mode) -> None:
        self._sink = sink
        self._audit, self._begin, self._read, self._clock = audit, begin, read, clock
        #: The number of the last head that the sink took, None until anybody looked.
        self._taken: int | None = None
        self._looked = self._sealed = clock.now() - audit.within
        self._closed = False
        self._new_here()
        self._mode = MODES[mode](self)
        #: Whether the sink has taken everything it was offered.
        self.is_kept = True

    def committed(self, at: datetime) -> None:
        """One more entry, of this instant: cheap, for every commit comes by here."""
        if self._pid != os.getpid():
            self._new_here()
        with self._counting:
            self._count += 1
            is_first, self._since = self._since is None, self._since or at
            is_due = self._count >= self._audit.every or at - self._since >= self._audit.within
        if is_first or is_due:
            self._mode.committed()

    def drain(self) -> int:
        """Seal if that is due by what this process committed, and nobody is at it."""
        due = self.wait_for()
        return self.seal(waits=False) if due is not None and due <= timedelta() else 0

    def wait_for(self) -> timedelta | None:
        """How long until that is due, None if this process committed nothing since."""
        with self._counting:
            count, since = self._count, self._since
        if since is None:
            return None
        if count >= self._audit.every:
            return timedelta()
        return max(since + self._audit.within - self._clock.now(), timedelta())

    def look(self) -> None:
        """Seal if that is due by what is in the store, whoever committed it: for a process that only looks after it."""
        now = self._clock.now()
        if now - self._looked < SOON:
            return
        self._looked = now
        overdue = now - self._sealed >= self._audit.within
        if not overdue:
            with forks.kept_out(), self._read() as tx:
                overdue = is_overdue(tx._unit.store, self._audit.every)  # noqa: SLF001  # below the rooms
        if overdue:
            self._sealed = now
            self.seal()

    def seal(self, progress: Callable[[int], object] | None = None, *, waits: bool = True) -> int:
        """Seal everything that is not sealed yet, and offer the heads; say how many entries it were."""
        if self._pid != os.getpid():
            self._new_here()
        if not self._one_at_a_time.acquire(blocking=waits):
            return 0
        try:
            with self._counting:
                before = self._count
            count = self._seal_all(progress)
            with self._counting:
                self._count -= before
                self._since = self._clock.now() if self._count else None
        finally:
            self._one_at_a_time.release()
        return count

    def close(self) -> None:
        """Seal what there is; what cannot be sealed now is sealed by whoever opens the store next."""
        if self._closed:
            return
        self._closed = True
        self._mode.close()
        try:
            self.seal()
        except CRMError as error:
            logger.error("Sealing has to wait: %s", type(error).__name__)  # noqa: TRY400  # a storage's text may quote

    def _seal_all(self, progress: Callable[[int], object] | None) -> int:
        count = 0
        with forks.kept_out(), self._read() as tx:
            store = tx._unit.store  # noqa: SLF001  # below the rooms
            new = is_anything_new(store)
            if self._taken is None:  # the last one is offered again, for nobody knows whether it was taken
                last = last_seal(store)
                self._taken = 0 if last is None else last.number - 1
        self.is_kept = True
        while new:
            with forks.kept_out(), self._begin() as tx:
                seal = seal_some(tx._unit)  # noqa: SLF001  # as above
            if seal is None:
                break
            count += len(seal.digests)
            if progress is not None:
                progress(count)
            if self.is_kept and seal.number == self._taken + 1:
                self.is_kept = self._takes(head_of(seal))
            new = len(seal.digests) == MOST
        while self.is_kept and (heads := self._untaken(self._taken)):
            self.is_kept = all(self._takes(head) for head in heads)
        return count

    def _untaken(self, taken: int) -> list[Head]:
        """The next heads that the sink has not taken, of seals of other processes, too."""
        with forks.kept_out(), self._read() as tx:
            query = Query(Seal, Test("number", "gt", taken), "number", limit=AT_ONCE)
            return [head_of(seal) for seal in tx._unit.store.select(query)]  # noqa: SLF001  # as above

    def _takes(self, head: Head) -> bool:
        try:
            self._sink(head)
        except Exception as error:  # noqa: BLE001  # a sink is the host's; it is asked again
            logger.error("A head could not be kept: %s", type(error).__name__)  # noqa: TRY400  # its text may quote
            return False
        self._taken = head.number
        return True

    def _new_here(self) -> None:
        """The parent seals what the parent committed."""
        self._pid = os.getpid()
        self._counting, self._one_at_a_time = Lock(), Lock()
        self._count = 0
        self._since = None


def sealing_of(audit: Audit | None, begin: Block, read: Block, clock: Clock, mode: Mode) -> Sealing | None:
    """What seals a CRM's journal; nothing without somebody who keeps the heads."""
    return None if audit is None or audit.sink is None else Sealing(audit, audit.sink, begin, read, clock, mode)
