"""A question to the journal: what happened when, by whom, to what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs

from crmkit.domain.events import Event
from crmkit.domain.events.naming import ids_of


@attrs.frozen
class Traced:
    """
    Entries of the journal: not before *since*, before *until*, by *actor*, with an event that is or names one of *ids*.

    None, and no ids: whenever, whoever, whatever.

    >>> Traced(actor="17").asks_for(())
    False
    """

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    ids: frozenset[UUID] = frozenset()
    newest_first: bool = True

    def asks_for(self, events: Sequence[Event]) -> bool:
        """Whether an entry of these events is asked for."""
        if not events:
            return False
        first = events[0]
        return (
            (self.since is None or self.since <= first.at)
            and (self.until is None or first.at < self.until)
            and (self.actor is None or self.actor == first.actor)
            and (not self.ids or any(id in self.ids for event in events for id in ids_of(event)))
        )
