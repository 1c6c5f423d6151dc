"""Where the keys of a plugin's collection lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from crmkit.domain.collection import Collection
from crmkit.domain.datum import Datum
from crmkit.domain.ids import ClientId
from crmkit.domain.merge import Merge
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.services.room import CHUNK
from crmkit.services.unit import Unit


class Keyed:
    """
    The records under each of some keys, what counts first.

    Under a key there is one record. Only where the client's id is the key, a client into whom others were merged has
    theirs, too: either id leads to all of them, first the client's own, then the oldest.
    """

    __slots__ = ("_by_client", "_name", "_unit")

    def __init__(self, unit: Unit, collection: Collection[Any]) -> None:
        self._unit = unit
        self._name = collection.stored_name
        self._by_client = collection.client == collection.key

    def under(self, keys: Sequence[str]) -> Mapping[str, Sequence[Datum]]:
        """What is under each key, keys without anything left out: one question, or three after a merge."""
        if not self._by_client:
            return {datum.key: (datum,) for datum in self._with("key", keys)}
        ids = {key: UUID(key) for key in keys}
        found = self._of_clients(list(ids.values()))
        if lost := [id for id in ids.values() if id not in found]:
            found |= self._of_survivors(lost)
        return {key: found[id] for key, id in ids.items() if id in found}

    def _of_clients(self, ids: Sequence[UUID]) -> dict[UUID, Sequence[Datum]]:
        found = dict[UUID, list[Datum]]()
        for datum in self._with("client_id", ids):
            if datum.client_id is not None:
                found.setdefault(datum.client_id, []).append(datum)
        for id, data in found.items():
            data.sort(key=lambda datum: (datum.key != str(id), datum.created_at, datum.id))
        return {**found}

    def _of_survivors(self, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Datum]]:
        if len(ids) == 1:
            survivor = self._unit.survivor(ClientId(ids[0]))
            led: dict[UUID, UUID] = {} if survivor is None else {ids[0]: survivor}
        else:
            led = {left.merged_id: left.client_id for start in range(0, len(ids), CHUNK)
                   for left in self._unit.store.select(Query(Merge, Test("merged_id", "in", tuple(ids[start : start + CHUNK]))))}  # fmt: skip
        theirs = self._of_clients(list(dict.fromkeys(led.values()))) if led else {}
        return {merged: theirs[survivor] for merged, survivor in led.items() if survivor in theirs}

    def _with(self, field: str, values: Sequence[object]) -> list[Datum]:
        ours, found = Test("collection", "eq", self._name), list[Datum]()
        for start in range(0, len(values), CHUNK):
            some = values[start : start + CHUNK]
            asked = Test(field, "eq", some[0]) if len(some) == 1 else Test(field, "in", tuple(some))
            found += self._unit.store.select(Query(Datum, asked & ours))
        return found
