"""What may be told of a new client, and the client made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias, TypedDict

from crmkit.domain.actor import is_system
from crmkit.domain.client import Client, ClientKind, MarketLevel
from crmkit.domain.custom import NO_CUSTOM, Given
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId
from crmkit.domain.source import Source
from crmkit.services.checks import Checks, options
from crmkit.services.unit import Unit

Begun = Literal["prospect", "active", "dormant", "lost"]
Reader: TypeAlias = Callable[[Checks, str, Any], Any]
NO_TAGS = frozenset[str]()
NO_NAMES = FrozenMap[str, str]()


class NewClient(TypedDict, total=False):
    """What may be told of a new client besides its name and how to reach it."""

    kind: ClientKind
    lifecycle: Begun
    owner: str | None
    region: str | None
    language: str | None
    time_zone: str | None
    market_level: MarketLevel
    tags: Iterable[str]
    custom: Iterable[Given]
    external_ids: Mapping[str, str]
    source: Source


def new_client(unit: Unit, check: Checks, name: str, told: NewClient) -> Client:
    """A client as first written down; what is wrong is noted in *check*."""
    one_line, read = check.text("name", name), _read(unit, check, told).get
    return Client(
        id=ClientId(unit.new_id()),
        kind=read("kind", "person"),
        name=one_line,
        lifecycle=read("lifecycle", "prospect"),
        owner=read("owner", None if is_system(unit.actor) else unit.actor),
        source=read("source", unit.source),
        market_level=read("market_level", "potential"),
        region=read("region"),
        language=read("language"),
        time_zone=read("time_zone"),
        tags=read("tags", NO_TAGS),
        custom=read("custom", NO_CUSTOM),
        external_ids=read("external_ids", NO_NAMES),
        archived_from=None,
        created_by=unit.actor,
        created_at=unit.now,
        updated_at=unit.now,
    )


def _read(unit: Unit, check: Checks, told: NewClient) -> dict[str, Any]:
    """Those of the keywords that were told, read: most clients are told little of, and what is not costs nothing."""
    read: dict[str, Any] = {}
    for keyword, value in told.items():
        if keyword == "custom":
            read[keyword] = check.custom("client", unit.rules.fields, value, NO_CUSTOM)
        elif (reader := READERS.get(keyword)) is not None:
            read[keyword] = reader(check, keyword, value)
    for keyword in sorted(told.keys() - NewClient.__annotations__.keys()) if told else ():
        check.fault(keyword, "unknown", "A new client takes no such keyword.")
    return read


def _one_of(literal: object) -> Reader:
    return lambda check, path, value: check.one_of(options(literal))(path, value)


def _maybe(reader: Reader) -> Reader:
    return lambda check, path, value: None if value is None else reader(check, path, value)


#: How each keyword is read that is neither the name nor custom values.
READERS: Mapping[str, Reader] = {
    "kind": _one_of(ClientKind),
    "lifecycle": _one_of(Begun),
    "owner": _maybe(Checks.key),
    "source": Checks.source,
    "market_level": _one_of(MarketLevel),
    "region": _maybe(Checks.region),
    "language": _maybe(Checks.language),
    "time_zone": _maybe(Checks.time_zone),
    "tags": Checks.keys,
    "external_ids": Checks.external_ids,
}
