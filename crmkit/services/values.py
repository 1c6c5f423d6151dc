"""A plugin's values to what is stored of them, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

import attrs

from crmkit.domain.collection import Collection
from crmkit.domain.datum import INDEXED, Datum
from crmkit.domain.ids import NIL, ClientId, DatumId
from crmkit.domain.plain.hints import entries_of
from crmkit.domain.plain.reading import from_stored
from crmkit.domain.plain.writing import to_builtins
from crmkit.domain.sortable import LONGEST, sortable
from crmkit.errors import Fault, Invalid
from crmkit.services.checks import Checks

T = TypeVar("T")
#: How many bytes of JSON one value may take.
LARGEST = 65_536
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Values(Generic[T]):
    """What one collection's class and its stored form have to do with each other."""

    __slots__ = ("_collection", "_hints")

    def __init__(self, collection: Collection[T]) -> None:
        self._collection = collection
        self._hints = {name: entry.hint for name, entry in entries_of(collection.kind).items()}

    def value(self, datum: Datum) -> T:
        """The value of a stored record; what today's class cannot read is `Invalid`."""
        collection, data = self._collection, json.loads(datum.data)
        if (client := collection.client) is not None:
            data[client] = None if datum.client_id is None else str(datum.client_id)
        try:
            return from_stored(collection.kind, data)
        except Invalid as error:
            faults = [self._unread(fault.path, fault.code) for fault in error.faults]
        except (ValueError, TypeError):  # a validator of the class's own; its words may hold a person's data
            faults = [self._unread("data", "refused")]
        raise Invalid(*faults)

    def row(self, check: Checks, value: object) -> Datum:
        """What is stored of a value, or a fault for each field that would not come back as it is."""
        kind = self._collection.kind
        if not isinstance(value, kind):
            check.fault("value", "of_another_class", f"Give a {kind.__name__}.")
        elif self._comes_back(check, value):
            return self._row(check, value)
        check.done()
        raise AssertionError

    def key(self, check: Checks, path: str, key: object) -> str:
        """A key as it is stored."""
        hint, given = self._hints[self._collection.key], key
        try:
            read: object = from_stored(hint, to_builtins(given), path)
        except Invalid as error:
            for fault in error.faults:
                check.fault(path, fault.code, fault.message)
            return ""
        return check.key(path, read) if isinstance(read, str) else str(read)

    def asked(self, check: Checks, name: str, value: object) -> tuple[str, str]:
        """The stored field and text by which an indexed field is asked."""
        place = INDEXED[self._collection.index.index(name)]
        if value is not None:
            try:
                value = from_stored(self._hints[name], to_builtins(value), name)
            except Invalid as error:
                for fault in error.faults:
                    check.fault(name, fault.code, fault.message)
                return place, ""
        return place, self._sortable(check, name, value)

    def _row(self, check: Checks, value: Any) -> Datum:
        collection, said = self._collection, to_builtins(value)
        client_id: UUID | None = None
        if collection.client is not None:
            client_id = getattr(value, collection.client)
            del said[collection.client]
        data = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        if len(data.encode()) > LARGEST:
            check.fault("value", "too_large", f"Keep at most {LARGEST} bytes of JSON under one key. Split it up.")
        texts = [self._sortable(check, name, getattr(value, name)) for name in collection.index]
        first, second, third = texts + [""] * (len(INDEXED) - len(texts))
        key = self.key(check, collection.key, getattr(value, collection.key))
        whose = None if client_id is None else ClientId(client_id)
        return Datum(DatumId(NIL), whose, collection.stored_name, key, data, first, second, third, _NEVER, _NEVER)

    def _comes_back(self, check: Checks, value: Any) -> bool:
        """Try each field by itself: attrs holds nobody to the types that its annotations say."""
        faults = len(self._hints)
        for name, hint in self._hints.items():
            try:
                held = getattr(value, name)
                if _is_written_out(held) and from_stored(hint, to_builtins(held), name) == held:
                    faults -= 1
                else:
                    check.fault(
                        name, "not_kept", "This value would not come back as it is. Give one of the field's type."
                    )
            except Invalid as error:
                for fault in error.faults:
                    check.fault(fault.path if fault.path.startswith(name) else name, fault.code, fault.message)
        return not faults

    def _sortable(self, check: Checks, name: str, value: object) -> str:
        try:
            return sortable(value)
        except ValueError:
            told = f"An indexed value takes at most {LONGEST} characters. Shorten it, or do not index {name}."
            return str(check.fault(name, "too_long", told))

    def _unread(self, path: str, code: str) -> Fault:
        collection = self._collection
        what = f"{collection.stored_name}.{path}"
        if code == "missing":
            return Fault(path, code, f"What is stored of {what} is older than this field. Give the field a default.")
        told = f"What is stored of {what} does not fit {collection.kind.__name__} any more. Keep reading the old form, too."
        return Fault(path, code, told)


def _is_written_out(value: Any) -> bool:
    """Not a number whose noughts would fill the memory."""
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value.adjusted()) <= 1000 and -1000 <= int(value.as_tuple().exponent)
    if isinstance(value, (tuple, frozenset)):
        return all(map(_is_written_out, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if attrs.has(type(value)):  # pyright: ignore[reportUnknownArgumentType]
        return all(_is_written_out(getattr(value, field.name)) for field in attrs.fields(type(value)))  # pyright: ignore[reportUnknownArgumentType]
    return True
