"""tx.data(collection): a plugin's own records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

import attrs

from crmkit.domain.client import Client
from crmkit.domain.collection import Collection
from crmkit.domain.datum import INDEXED, Datum
from crmkit.domain.ids import ClientId, DatumId
from crmkit.domain.query import Page, Query
from crmkit.domain.where import All, Test, Where
from crmkit.errors import Conflict, Fault, Invalid, NotFound
from crmkit.services.checks import Checks
from crmkit.services.command import command
from crmkit.services.keyed import Keyed
from crmkit.services.room import CHUNK, MOST, cursor, read_cursor
from crmkit.services.unit import Unit
from crmkit.services.values import Values

T = TypeVar("T")
K = TypeVar("K")


class Data(Generic[T]):
    """
    The values of one collection, each found by its key.

    What is about a client goes where the client goes: who may not see them sees nothing of it, and after a merge it is
    the survivor's. Where the client's id is the key, either id leads to what the two have, the survivor's own first.
    It raises no events: a plugin tells of itself with events of its own.

    >>> import attrs
    >>> from crmkit import CRM
    >>> from crmkit.domain.collection import Collection
    >>> @attrs.frozen
    ... class Card:
    ...     number: int
    ...     tier: str = "basic"
    >>> cards = Collection(Card, key="number", index=("tier",), plugin="loyalty")
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     for number in (1, 2, 3):
    ...         _ = tx.data(cards).put(Card(number, "gold" if number == 2 else "basic"))
    ...     [card.number for card in tx.data(cards).list(tier="basic")], tx.data(cards).find(4)
    ([1, 3], None)
    """

    __slots__ = ("_collection", "_keyed", "_name", "_unit", "_values")

    def __init__(self, unit: Unit, collection: Collection[T]) -> None:
        self._unit = unit
        self._collection = collection
        self._name = collection.stored_name
        self._keyed = Keyed(unit, collection)
        self._values = Values(collection)

    def get(self, key: object) -> T:
        """The value under this key, or `NotFound`."""
        return self._values.value(self._got(key)[0])

    def find(self, key: object) -> T | None:
        """The value under this key, None if there is none."""
        found = self._under(self._key(key))
        return self._values.value(found[0]) if found else None

    def get_many(self, keys: Iterable[K]) -> Mapping[K, T]:
        """Those of the values that there are, by the keys as given; one question, however many they are."""
        if isinstance(keys, (str, bytes)) or not isinstance(keys, Iterable):
            raise Invalid(Fault("keys", "not_a_list", "Give a list of keys."))
        check = Checks()
        texts = {key: self._values.key(check, "keys", key) for key in keys}
        check.done()
        found = self._keyed.under(list(dict.fromkeys(texts.values())))
        return {key: self._values.value(found[text][0]) for key, text in texts.items() if text in found}

    def version_of(self, key: object) -> int:
        """The version of what is under this key: 1 when it is made, and one more with every change."""
        return self._got(key)[0].version

    @command
    def put(self, value: T, *, version: int | None = None) -> T:
        """
        Keep a value under its key, in the place of what was there; nothing changed, nothing written.

        *version* is the one the caller saw (`version_of`): `Conflict` if it is another by now, or gone.
        """
        unit, check = self._unit, Checks()
        row = self._values.row(check, value)
        check.version(version)
        check.done()
        whose = None if row.client_id is None else unit.get(Client, row.client_id).id
        key = str(whose) if self._by_client else row.key
        under = self._under(key)
        if not under:
            if version is not None:
                raise Conflict("datum")
            id = DatumId(unit.new_id())
            made = attrs.evolve(row, id=id, client_id=whose, key=key, created_at=unit.now, updated_at=unit.now)
            return self._values.value(unit.insert(made))
        before = under[0]
        after = attrs.evolve(before, client_id=whose, **{name: getattr(row, name) for name in ("data", *INDEXED)})
        kept = unit.unchanged(before, version) if after == before else unit.replace(before, after, version)
        return self._values.value(kept)

    @command
    def remove(self, key: object) -> None:
        """Forget what is under this key, or raise `NotFound`; of a merged client, also what came from the other."""
        for datum in self._got(key):
            self._unit.delete(datum)

    def list(
        self, *, order_by: str | None = None, limit: int = 50, after: str | None = None, **same: object
    ) -> Page[T]:  # fmt: skip
        """
        One page of values, those whose fields are the *same* as given: indexed ones, or the client's id.

        In the order of an indexed field (with `-` before it, turned round), else of the keys as texts.
        """
        check = Checks()
        check.whole("limit", limit, 1, MOST)
        query = self._query(check, order_by, same)
        start = None if after is None else self._start(query.order_by, after)
        found = self._unit.store.select(attrs.evolve(query, limit=limit + 1, after=start))
        if not found and (led := self._led_on(same)):
            return self.list(order_by=order_by, limit=limit, after=after, **led)
        page = found[:limit]
        following = cursor(page[-1].id) if len(found) > limit else None
        return Page(tuple([self._values.value(datum) for datum in page]), following)

    def count(self, **same: object) -> int:
        """How many such values there are."""
        count = self._unit.store.count(Datum, self._query(Checks(), None, same).where)
        return self.count(**led) if not count and (led := self._led_on(same)) else count

    def stream(self, *, order_by: str | None = None, **same: object) -> Iterator[T]:
        """Every such value, a chunk at a time, inside the block."""
        query = self._query(Checks(), order_by, same)  # what is wrong is said now, not with the first value
        return self._chunks(attrs.evolve(query, limit=CHUNK), same)

    def _chunks(self, query: Query[Datum], same: Mapping[str, object]) -> Iterator[T]:
        while found := self._unit.store.select(query):
            yield from map(self._values.value, found)
            query = attrs.evolve(query, after=(getattr(found[-1], query.order_by), found[-1].id))
        if query.after is None and (led := self._led_on(same)):
            yield from self._chunks(attrs.evolve(query, where=self._query(Checks(), None, led).where), led)

    def _query(self, check: Checks, order_by: object, same: Mapping[str, object]) -> Query[Datum]:
        index = self._collection.index
        tests: Sequence[Where] = [self._test(check, name, value) for name, value in same.items()]
        field, descending = "key", False
        if order_by is not None:
            name = order_by.removeprefix("-") if isinstance(order_by, str) else ""
            if name in index:
                field, descending = INDEXED[index.index(name)], str(order_by).startswith("-")
            else:
                known = ", ".join(f"{one}, -{one}" for one in index) or "no index"
                check.fault("order_by", "unknown", f"Order by an indexed field ({known}), or leave order_by out.")
        check.done()
        return Query(Datum, All((*tests, self._ours)), field, descending)

    def _test(self, check: Checks, name: str, value: object) -> Where:
        client = self._collection.client
        if name == client:
            check.maybe(check.id, name, value)
            return Test("client_id", "eq", value)
        if name in self._collection.index:
            field, text = self._values.asked(check, name, value)
            return Test(field, "eq", text)
        known = ", ".join((*self._collection.index, *(() if client is None else (client,))))
        check.fault(
            name, "unknown", f"No such filter. There are: {known}." if known else "Index a field to filter by it."
        )
        return self._ours

    def _led_on(self, same: Mapping[str, object]) -> Mapping[str, Any] | None:
        """The filters for whom their client was merged into, None if nobody: asked when a client has nothing."""
        client = self._collection.client
        id = None if client is None else cast("ClientId | None", same.get(client))
        survivor = None if id is None else self._unit.survivor(id)
        return None if survivor is None or client is None else {**same, client: survivor}

    def _start(self, field: str, after: str) -> tuple[object, DatumId]:
        """Where the last page ended; its cursor names a record of this collection, and nothing of it."""
        try:
            anchor = next(
                one for one in self._unit.store.get_many(Datum, [read_cursor(after)]) if one.collection == self._name
            )
        except (ValueError, StopIteration, TypeError):
            raise Invalid(Fault("after", "gone", "This page's last record is gone. Start at the first page.")) from None
        return getattr(anchor, field), anchor.id

    @property
    def _ours(self) -> Where:
        return Test("collection", "eq", self._name)

    @property
    def _by_client(self) -> bool:
        """Whether the client's id is the key."""
        return self._collection.client == self._collection.key

    def _key(self, key: object) -> str:
        check = Checks()
        text = self._values.key(check, "key", key)
        check.done()
        return text

    def _got(self, key: object) -> Sequence[Datum]:
        text = self._key(key)
        if found := self._under(text):
            return found
        raise NotFound(f"{self._name} datum", text)

    def _under(self, key: str) -> Sequence[Datum]:
        return self._keyed.under([key]).get(key, ())
