"""Records as rows that an import takes, one question for what hangs on all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

import attrs

from crmkit.domain.client import Client
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.ids import ClientId
from crmkit.domain.purchase import Purchase
from crmkit.domain.query import Query
from crmkit.domain.records import Record
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.where import EVERYTHING, Test, Where
from crmkit.services.unit import Unit

R = TypeVar("R", bound=Record)
Row: TypeAlias = Mapping[str, Any]
#: Told as they are, where there is something to tell.
CLIENT = ("name", "kind", "lifecycle", "owner", "source", "region", "language", "time_zone", "market_level")
TOUCHPOINT = ("channel", "direction", "initiator", "outcome", "summary", "cost", "minutes")
#: Where a record has no name elsewhere, its id here is one: what is imported twice is kept once.
HERE = "crmkit"


@attrs.frozen
class Exported(Generic[R]):
    """A kind of record that can leave: what its rows are called, which records make one, and how."""

    what: str
    kind: type[R]
    rows: Callable[[Unit, Sequence[R]], list[Row]]
    only: Where = EVERYTHING


def _of_clients(unit: Unit, clients: Sequence[Client]) -> list[Row]:
    points, rows = _points(unit, [client.id for client in clients]), list[Row]()
    for client in clients:
        row = _told(client, CLIENT)
        if client.lifecycle == "archived":  # nobody is added put away
            row["lifecycle"] = client.archived_from or "prospect"
        for kind in ("phone", "email"):
            if told := [one.value for one in points[client.id] if one.kind == kind]:
                row[kind] = told
        if client.tags:
            row["tags"] = sorted(client.tags)
        if client.external_ids:
            row["external_ids"] = dict(client.external_ids)
        if custom := {key: _read(unit, key, raw) for key, raw in client.custom.raw.items()}:
            row["custom"] = custom
        rows.append(row)
    return rows


def _of_purchases(unit: Unit, purchases: Sequence[Purchase]) -> list[Row]:
    whose = _whose(unit, [one.client_id for one in purchases])
    return [
        {
            **whose(one.client_id), **({"items": one.items} if one.items else {}),
            **({} if one.amount is None else {"amount": one.amount}), "at": one.bought_at, "channel": one.channel,
            **_named(one),
        }
        for one in purchases
    ]  # fmt: skip


def _of_touchpoints(unit: Unit, touchpoints: Sequence[Touchpoint]) -> list[Row]:
    whose = _whose(unit, [one.client_id for one in touchpoints if one.client_id is not None])
    return [
        {**whose(one.client_id), **_told(one, TOUCHPOINT), "at": one.occurred_at, **_named(one)}
        for one in touchpoints
        if one.client_id is not None
    ]


CLIENTS = Exported("clients", Client, _of_clients)
PURCHASES = Exported("purchases", Purchase, _of_purchases)
TOUCHPOINTS = Exported("touchpoints", Touchpoint, _of_touchpoints, ~Test("client_id", "eq", None))


def _told(record: Record, names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(record, name)) is not None}


def _read(unit: Unit, key: str, raw: Any) -> Any:
    field = unit.rules.fields.get(("client", key))
    return raw if field is None else field.read(raw)


def _named(one: Purchase | Touchpoint) -> Row:
    if one.external_id is None:
        return {"origin": HERE, "external_id": str(one.id)}
    return {"origin": one.origin, "external_id": one.external_id}


def _whose(unit: Unit, ids: Sequence[ClientId]) -> Callable[[ClientId], Row]:
    """
    What says elsewhere whose a row is: another system's name of the client, else a phone, else an email.

    Of a client who may not leave, though this may, nothing but our id is said.
    """
    clients = {one.id: one for one in unit.store.get_many(Client, list(dict.fromkeys(ids)))}
    points = _points(unit, [id for id in clients if not clients[id].external_ids])
    known = {id: _known_as(client, points.get(id, ())) for id, client in clients.items()}
    return lambda one: known.get(one) or {"client_id": one}


def _known_as(client: Client, points: Sequence[ContactPoint]) -> Row:
    for name in sorted(client.external_ids.items()):
        return {"client_external_id": name}
    for kind in ("phone", "email"):
        for point in points:
            if point.kind == kind and point.match_key is not None:
                return {f"client_{kind}": point.match_key}
    return {"client_id": client.id}


def _points(unit: Unit, ids: Sequence[ClientId]) -> Mapping[ClientId, list[ContactPoint]]:
    """The contact points of each, the primary first."""
    points: dict[ClientId, list[ContactPoint]] = {id: [] for id in ids}
    for point in unit.store.select(Query(ContactPoint, Test("client_id", "in", tuple(points)))) if points else ():
        points[point.client_id].append(point)
    for several in points.values():
        several.sort(key=lambda one: (not one.primary, one.id))
    return points
