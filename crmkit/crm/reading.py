"""Writing down what a block read, once it has ended."""

from __future__ import annotations

from crmkit.crm.following import Following
from crmkit.domain.scope import EVERYONE
from crmkit.ports import Entry, Storage
from crmkit.services.handed_out import Reads
from crmkit.services.unit import Unit

#: How many events one entry of the journal says at most.
SAID = 20


def write_down(storage: Storage, following: Following, unit: Unit, reads: Reads) -> None:
    """In a transaction of its own; what fails is raised, for nothing that was read may stay unsaid."""
    waiting, store = False, storage.begin(write=True, scope=EVERYONE)
    try:
        events = reads.events(unit, store)
        for start in range(0, len(events), SAID):
            some = tuple(events[start : start + SAID])
            subscribers = following.subscribed(some)
            store.append(Entry(some, subscribers, unit.binding.depth))
            waiting = waiting or bool(subscribers)
        store.commit()
    finally:
        if not store.ended:
            store.rollback()
    reads.forget()
    following.committed(events, waiting=waiting)
