"""Which ids an event names, and which of them are clients: read from its type, for plugins' own events as for ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, cast, get_args, get_type_hints
from uuid import UUID

import attrs

from crmkit.domain.events.envelope import Event, UnknownEvent
from crmkit.domain.ids import ClientId
from crmkit.domain.once import once_for_each

_ENVELOPE = len(attrs.fields(Event))
_ids_in = re.compile(r'(?<=")[0-9a-f]{32}(?=")').findall
_client_in = re.compile(r"[0-9a-f]{32}").fullmatch


def ids_of(event: Event) -> Iterator[UUID]:
    """Its own id, and every id it names."""
    yield event.id
    if isinstance(event, UnknownEvent):
        yield from map(UUID, _ids_in(event.data))
        return
    for name in _own(type(event)):
        yield from _ids(getattr(event, name))


def clients_of(event: Event) -> tuple[ClientId, ...]:
    """
    The clients it happened to: whatever its type calls a `ClientId`, each once.

    An event of a plugin that is not here, or of a newer crmkit, is of whom it calls `client_id`.
    """
    if isinstance(event, UnknownEvent):
        said = cast("dict[str, object]", json.loads(event.data)).get("client_id")
        return (ClientId(UUID(said)),) if isinstance(said, str) and _client_in(said) else ()
    found = dict[ClientId, None]()
    for read in _clients(type(event)):
        found.update(dict.fromkeys(read(event)))
    return tuple(found)


@once_for_each
def _own(kind: type[Event]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind)[_ENVELOPE:])


def _ids(value: object) -> Iterator[UUID]:
    if isinstance(value, UUID):
        yield value
    elif isinstance(value, tuple):
        for one in cast("tuple[object, ...]", value):
            yield from _ids(one)


@once_for_each
def _clients(kind: type[Event]) -> tuple[Callable[[Any], tuple[ClientId, ...]], ...]:
    """What reads the clients of one class of event, a field each."""
    hints = get_type_hints(kind)
    return tuple(_reader(name) for name in _own(kind) if _is_of_clients(hints[name]))


def _is_of_clients(hint: Any) -> bool:
    return hint is ClientId or any(_is_of_clients(part) for part in get_args(hint))


def _reader(name: str) -> Callable[[Any], tuple[ClientId, ...]]:
    def read(event: Any) -> tuple[ClientId, ...]:
        value = getattr(event, name)
        return () if value is None else cast("tuple[ClientId, ...]", value if isinstance(value, tuple) else (value,))

    return read
