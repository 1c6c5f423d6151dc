"""What may be told of a new client, and the client made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict

from crmkit.domain.client import Client, ClientKind, MarketLevel
from crmkit.domain.custom import NO_CUSTOM, Given
from crmkit.domain.ids import ClientId
from crmkit.domain.source import Source
from crmkit.services.checks import Checks, options
from crmkit.services.unit import Unit

Begun = Literal["prospect", "active", "dormant", "lost"]


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
    if unknown := told.keys() - NewClient.__annotations__.keys():
        for keyword in sorted(unknown):
            check.fault(keyword, "unknown", "A new client takes no such keyword.")
    return Client(
        id=ClientId(unit.new_id()),
        kind=check.one_of(options(ClientKind))("kind", told.get("kind", "person")),
        name=check.text("name", name),
        lifecycle=check.one_of(options(Begun))("lifecycle", told.get("lifecycle", "prospect")),
        owner=check.maybe(check.key, "owner", told.get("owner", unit.actor)),
        source=check.source("source", told.get("source", unit.source)),
        market_level=check.one_of(options(MarketLevel))("market_level", told.get("market_level", "potential")),
        region=check.maybe(check.region, "region", told.get("region")),
        language=check.maybe(check.language, "language", told.get("language")),
        time_zone=check.maybe(check.time_zone, "time_zone", told.get("time_zone")),
        tags=check.keys("tags", told.get("tags", ())),
        custom=check.custom("client", unit.rules.fields, told.get("custom", ()), NO_CUSTOM),
        external_ids=check.external_ids("external_ids", told.get("external_ids", {})),
        archived_from=None,
        created_by=unit.actor,
        created_at=unit.now,
        updated_at=unit.now,
    )
