"""A plugin's own kind of record: which class it is, what it is found by, what of it is a person's data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import attrs

from crmkit.domain.collected import holds_text, is_sortable, unkept
from crmkit.domain.datum import INDEXED
from crmkit.domain.plain.hints import Entry, entries_of, hint_of
from crmkit.errors import Fault, Invalid

T = TypeVar("T")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}").fullmatch
_PLUGIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}").fullmatch
#: What `list` means by these names, so that no indexed field can be asked by them.
_SAID = frozenset({"order_by", "limit", "after"})


class Collection(Generic[T]):
    """
    Values of a plugin's own frozen attrs class, kept on every storage beside crmkit's records.

    *key* names the field they are found by: a text, a whole number or an id. *index* names up to three fields that lists
    can be filtered and ordered by. *client* names the field with a client's id, if they are about clients: scopes hide
    them then, merges move them. Texts are personal unless marked `Code`. The collection is its plugin's: make it an
    attribute of the plugin's class, or name the plugin.

    >>> import attrs
    >>> from crmkit import CRM
    >>> @attrs.frozen
    ... class Visits:
    ...     day: int
    ...     number: int = 0
    >>> visits = Collection(Visits, key="day", plugin="counter")
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     _ = tx.data(visits).put(Visits(day=1, number=7))
    ...     tx.data(visits).get(1).number
    7
    """

    __slots__ = ("_owner", "_plugin", "client", "index", "key", "kind", "name", "personal_fields")

    def __init__(
        self, kind: type[T], *, key: str, index: tuple[str, ...] = (), client: str | None = None,
        name: str | None = None, plugin: str | None = None,
    ) -> None:  # fmt: skip
        faults = list(_of_names(name, plugin)) + list(_of_kind(kind))
        entries: Mapping[str, Entry] = {} if faults else entries_of(kind)
        faults += [] if faults else [*_of_fields(entries), *_of_roles(entries, key, index, client)]
        if faults:
            raise Invalid(*faults)
        self.kind, self.key, self.client, self.index = kind, key, client, tuple(index)
        self.name = _snake(kind.__name__) if name is None else name
        #: The fields with a person's data, which exports show and erasures clear.
        self.personal_fields = frozenset(field for field, entry in entries.items() if holds_text(entry.hint))
        self._plugin = plugin
        self._owner: type[Any] | None = None

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._owner = owner

    @property
    def plugin(self) -> str:
        """Whose it is."""
        name: object = getattr(self._owner, "name", None) if self._plugin is None else self._plugin
        if isinstance(name, str) and _PLUGIN(name):
            return name
        raise Invalid(
            Fault("collection", "nobodys", "Make the collection an attribute of a Plugin, or give it a plugin= name.")
        )

    @property
    def stored_name(self) -> str:
        """What its records are kept under: the plugin's name and its own."""
        return f"{self.plugin}.{self.name}"

    def __repr__(self) -> str:
        return f"Collection({self.kind.__name__}, key={self.key!r})"


def _of_names(name: object, plugin: object) -> list[Fault]:
    faults = list[Fault]()
    if name is not None and not (isinstance(name, str) and _NAME(name)):
        faults.append(Fault("name", "not_a_name", "Give a name of small letters, digits and _, such as 'points'."))
    if plugin is not None and not (isinstance(plugin, str) and _PLUGIN(plugin)):
        faults.append(Fault("plugin", "not_a_name", "Give the plugin's name, such as 'loyalty'."))
    return faults


def _of_kind(kind: type[Any]) -> list[Fault]:
    # attrs gives only frozen classes a __delattr__ of their own, and tells of freezing in no other way.
    if not (isinstance(kind, type) and attrs.has(kind) and kind.__delattr__ is not object.__delattr__):
        return [Fault("kind", "not_frozen", "Give a frozen attrs class: @attrs.frozen class Points: …")]
    try:
        entries_of(kind)
    except NameError as error:
        told = f"{kind.__name__} names {error.name}, which its module does not have. Define and import it there."
        return [Fault("kind", "unresolved", told)]
    return []


def _of_fields(entries: Mapping[str, Entry]) -> list[Fault]:
    faults = list[Fault]()
    for name, entry in entries.items():
        if name.startswith("_") or not entry.given:
            faults.append(Fault(name, "hidden", "Every field is given by its own name: no _, and no init=False."))
        elif problem := unkept(entry.hint):
            faults.append(Fault(name, "not_kept", problem))
    return faults


def _of_roles(entries: Mapping[str, Entry], key: object, index: object, client: object) -> list[Fault]:
    faults = list[Fault]()

    def hint(path: str, name: object) -> Any:
        entry = entries.get(name) if isinstance(name, str) else None
        if entry is None:
            faults.append(Fault(path, "unknown", f"There is no field {name!r}. Name one of: {', '.join(entries)}."))
        return None if entry is None else hint_of(entry.hint)

    if (known := hint("key", key)) is not None and (known.optional or known.type not in (str, int, UUID)):
        faults.append(Fault("key", "not_a_key", "A key is a text, a whole number or an id, and never None."))
    given = list(cast("Iterable[object]", index)) if isinstance(index, (tuple, list)) else [None]
    names = [name for name in given if isinstance(name, str)]
    if len(names) < len(given) or len(names) > len(INDEXED) or len(set(names)) < len(names):
        faults.append(Fault("index", "not_a_list", "Give up to three field names, each once, such as index=('tier',)."))
        names = []
    for name in names:
        known = hint("index", name)
        if known is not None and (name in _SAID or not is_sortable(known)):
            told = f"{name} cannot be indexed: take a text, a number, a date, an instant, an id or an Enum of these."
            faults.append(Fault("index", "not_sortable", told))
    if client is not None and (known := hint("client", client)) is not None and known.type is not UUID:
        faults.append(Fault("client", "not_an_id", "Name the field that holds a ClientId, or ClientId | None."))
    return faults


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
