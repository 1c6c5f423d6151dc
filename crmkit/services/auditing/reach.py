"""Whose events an actor may look through: what `evidence` reaches, kind by kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, cast

import attrs

from crmkit.domain.client import Client
from crmkit.domain.datum import Datum
from crmkit.domain.events import DataRead, Event
from crmkit.domain.events.naming import clients_of
from crmkit.domain.ids import ClientId
from crmkit.domain.merge import Merge
from crmkit.domain.personal_change import PersonalChange
from crmkit.domain.query import Query
from crmkit.domain.records import Record, noun
from crmkit.domain.sight import OF_KIND
from crmkit.domain.where import Test
from crmkit.services.unit import Unit

#: The kinds that a policy tells apart, as topics and the audit call them.
_KINDS: Final[dict[str, type[Record]]] = {noun(kind).replace(" ", "_"): kind for kind in OF_KIND}
#: What is put by who has `admin`, and is of no client.
_OF_THE_HOUSE: Final = frozenset({"user", "team", "pipeline"})
_OURS = "crmkit.domain.events."


def kind_of(event: Event) -> type[Record]:
    """What a policy has to say about an event: what goes for its record, or for plugins' own."""
    if not type(event).__module__.startswith(_OURS) or type(event).topic == "":
        return Datum
    if isinstance(event, DataRead):
        return _KINDS.get(event.kind, Client)
    return _KINDS.get(event.topic.partition(".")[0], Client)


class Reach:
    """Asks a storage at most once for each client and kind; who may do everything asks nothing."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._led: dict[ClientId, ClientId] = {}

    def shown(self, events: Sequence[Event]) -> list[Event]:
        """
        Those of *events* whose every client is reached; of no client, those for who reaches everybody's.

        One that says the same of each client is shown with those who are reached.
        """
        if not self._unit.permits.limited:
            return list(events)
        told = list[Event]()
        for event, ids, of_them in self._parts(events):
            if len(of_them) == len(ids) if ids else self._of_nobody(kind_of(event), event.topic):
                told.append(event)
            elif of_them and event.divisible:
                told.append(attrs.evolve(cast("Any", event), client_ids=of_them))
        return told

    def parts(self, events: Sequence[Event]) -> Iterator[tuple[Event, tuple[ClientId, ...]]]:
        """
        Those of *events* that happened to clients who are reached, each with them.

        Of a list of clients, `client_ids`, those who are; what happened between two is told of both or of none.
        """
        if not self._unit.permits.limited:
            return ((event, ids) for event in events if (ids := clients_of(event)))
        return (
            (event, of_them)
            for event, ids, of_them in self._parts(events)
            if of_them and (len(of_them) == len(ids) or hasattr(event, "client_ids"))
        )

    def _parts(self, events: Sequence[Event]) -> list[tuple[Event, tuple[ClientId, ...], tuple[ClientId, ...]]]:
        """Each event, its clients, and those of them who are reached."""
        said = [(event, kind_of(event), clients_of(event)) for event in events]
        reached = self._reached((kind, id) for _, kind, ids in said for id in ids)
        return [(event, ids, tuple([id for id in ids if (kind, id) in reached])) for event, kind, ids in said]

    def values(self, changes: Sequence[PersonalChange]) -> list[PersonalChange]:
        """Those of *changes* whose client is reached."""
        if not self._unit.permits.limited:
            return list(changes)
        said = [(one, _KINDS.get(one.record.replace(" ", "_"), Client)) for one in changes]
        reached = self._reached((kind, one.client_id) for one, kind in said if one.client_id is not None)
        return [one for one, kind in said if one.client_id is None or (kind, one.client_id) in reached]

    def _reached(self, asked: Iterable[tuple[type[Record], ClientId]]) -> set[tuple[type[Record], ClientId]]:
        by_kind = dict[type[Record], dict[ClientId, None]]()
        for kind, id in asked:
            by_kind.setdefault(kind, {})[id] = None
        found = set[tuple[type[Record], ClientId]]()
        for kind, ids in by_kind.items():
            known = self._unit.permits.reached("evidence", kind, ids)
            led = self.leads([id for id in ids if id not in known])
            onward = self._unit.permits.reached("evidence", kind, led.values())
            found |= {(kind, id) for id in ids if id in known or led.get(id) in onward}
        return found

    def leads(self, ids: Collection[ClientId]) -> dict[ClientId, ClientId]:
        """Whom these were merged into, of those that were."""
        if unknown := tuple(id for id in ids if id not in self._led):
            merges = self._unit.store.select(Query(Merge, Test("merged_id", "in", unknown)))
            self._led |= {one.merged_id: one.client_id for one in merges}
        return {id: self._led[id] for id in ids if id in self._led}

    def _of_nobody(self, kind: type[Any], topic: str) -> bool:
        permits = self._unit.permits
        of_the_house = topic.partition(".")[0] in _OF_THE_HOUSE
        return permits.reaches_everybody("evidence", kind) or (of_the_house and permits.admin)
