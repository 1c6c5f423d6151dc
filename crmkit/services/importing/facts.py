"""What purchases and touchpoints have in common when many come at once: whose they are, and which are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast
from uuid import UUID

import attrs

from crmkit.domain.client import Client
from crmkit.domain.email import email_key
from crmkit.domain.ids import ClientId, client_id
from crmkit.domain.phone import phone_key
from crmkit.domain.query import Query
from crmkit.domain.records import Record
from crmkit.domain.where import Test
from crmkit.errors import Fault, NotFound
from crmkit.ports.accelerators import CHUNK, OutsideName, PointKey
from crmkit.services.checks import Checks
from crmkit.services.clients import Clients
from crmkit.services.importing.columns import unknown
from crmkit.services.importing.tally import Tally
from crmkit.services.unit import Unit

T = TypeVar("T")
R = TypeVar("R", bound=Record)
#: How each column is read.
Readers: TypeAlias = Mapping[str, Callable[[str, Any], Any]]
#: The columns that say whose a row is; the first that is told counts.
WHOSE = ("client_id", "client_external_id", "client_phone", "client_email")
NOT_FOUND = Fault("client_id", "not_found", "There is no such client. Import clients first.")
TAKEN = Fault("external_id", "taken", "Another client's record has this id of this origin.")


@attrs.define(slots=True, eq=False)
class Fact:
    """One row as read: what it tells, and by what its client is known."""

    number: int
    told: dict[str, Any]
    by: tuple[str, Any]
    client: Client | None = None


def told_in(check: Checks, number: int, given: object, readers: Readers, region: str | None) -> Fact:
    """Read one row by the reader of each column; what is wrong is noted in *check*."""
    told, by = dict[str, Any](), ("", None)
    if not isinstance(given, Mapping):
        check.fault("row", "not_a_mapping", "Give a mapping of columns to values.")
        return Fact(number, told, by)
    row = cast("Mapping[object, Any]", given)
    for column, value in row.items():
        if value is None or value == "" or column in WHOSE:
            continue
        if not isinstance(column, str) or (read := readers.get(column)) is None:
            unknown(check, row, column, [*readers, *WHOSE])
        else:
            told[column] = read(column, value)
    for column in WHOSE:
        if (value := row.get(column)) not in (None, ""):
            return Fact(number, told, (column, _whose(check, column, value, region)))
    check.fault("client_id", "missing", f"Say whose it is: {', '.join(WHOSE)}.")
    return Fact(number, told, by)


def _whose(check: Checks, column: str, value: object, region: str | None) -> Any:
    if column == "client_id":
        if isinstance(value, str):
            try:
                return client_id(value)
            except NotFound:
                pass
        return check.id(column, value)
    if column == "client_external_id":
        if isinstance(value, (tuple, list)) and len(cast("list[object]", value)) == 2:
            system, name = cast("list[Any]", value)
            return check.code(column, system), check.key(column, name)
        return check.fault(column, "not_a_pair", "Give the system and its id, such as ('shop', '42').")
    text = check.text(column, value)
    key = phone_key(text, region) if column == "client_phone" else email_key(text)
    if key is None:
        check.fault(column, "not_readable", "This is no phone number or email address that somebody can be found by.")
    return ("phone" if column == "client_phone" else "email", key)


def find_clients(unit: Unit, facts: Sequence[Fact]) -> dict[int, Sequence[Fault]]:
    """Give each fact its client: one question for each way to ask. Those without one are answered."""
    store = unit.store
    ids = {ClientId(fact.by[1]) for fact in facts if fact.by[0] == "client_id"}
    names: set[OutsideName] = {fact.by[1] for fact in facts if fact.by[0] == "client_external_id"}
    keys: set[PointKey] = {fact.by[1] for fact in facts if fact.by[0] in ("client_phone", "client_email")}
    by_id = Clients(unit).get_many(sorted(ids))
    by_name: Mapping[OutsideName, Client] = store.find_external_many(names) if names else {}
    by_key: Mapping[PointKey, Sequence[Client]] = store.find_many(keys) if keys else {}
    lost = dict[int, Sequence[Fault]]()
    for fact in facts:
        column, value = fact.by
        if column == "client_id":
            fact.client = by_id.get(value)
        elif column == "client_external_id":
            fact.client = by_name.get(value)
        else:
            fact.client = next(iter(by_key.get(value, ())), None)
        if fact.client is None:
            lost[fact.number] = [attrs.evolve(NOT_FOUND, path=column)]
    return lost


def known_already(
    unit: Unit, kind: type[Any], facts: Sequence[Fact], origin: Callable[[Fact], str]
) -> dict[tuple[str, str], ClientId | None]:
    """Those of the facts' external ids that are recorded, and whose."""
    wanted = {(origin(fact), fact.told["external_id"]) for fact in facts if "external_id" in fact.told}
    ids = sorted({external_id for _, external_id in wanted})
    found = dict[tuple[str, str], ClientId | None]()
    for start in range(0, len(ids), CHUNK):
        asked = Test("external_id", "in", tuple(ids[start : start + CHUNK]))
        asked_too = Test("origin", "in", tuple(sorted({name for name, _ in wanted})))
        for one in unit.store.select(Query[Any](kind, asked & asked_too)):
            if (one.origin, one.external_id) in wanted:
                found[one.origin, one.external_id] = one.client_id
    return found


def linked(unit: Unit, kind: type[R], facts: Sequence[Fact], column: str) -> dict[int, Sequence[Fault]]:
    """Rows whose link of this column leads to no record of their client."""
    ids = {fact.told[column] for fact in facts if column in fact.told}
    known = in_lots(ids, lambda some: {one.id: one for one in unit.store.get_many(kind, some)})
    return {
        fact.number: [Fault(column, "not_found", "This client has no such record.")]
        for fact in facts
        if column in fact.told
        and (fact.client is None or getattr(known.get(fact.told[column]), "client_id", None) != fact.client.id)
    }


def an_id(check: Checks) -> Callable[[str, Any], Any]:
    """A reader of ids, as values or as text."""

    def read(column: str, value: object) -> Any:
        if isinstance(value, str):
            try:
                return UUID(value)
            except ValueError:
                pass
        return check.id(column, value)

    return read


def in_lots(ids: Iterable[Any], fetch: Callable[[list[Any]], dict[Any, T]]) -> dict[Any, T]:
    """Fetch by many ids, so many at a time."""
    some, found = sorted(ids), dict[Any, T]()
    for start in range(0, len(some), CHUNK):
        found |= fetch(some[start : start + CHUNK])
    return found


def unrecorded(
    tally: Tally, facts: Sequence[Fact], known: dict[tuple[str, str], Any], origin: Any, seen: set[int] | None
) -> list[Fact]:
    """The facts that are new, in their order; one of another client's external id is refused."""
    fresh, taken = list[Fact](), dict[int, Sequence[Fault]]()
    for fact in facts:
        assert fact.client is not None
        if "external_id" in fact.told:
            name = origin(fact), fact.told["external_id"]
            if name in known:
                if known[name] != fact.client.id:
                    taken[fact.number] = [TAKEN]
                continue
            if seen is not None and hash(name) in seen:
                continue
            known[name] = fact.client.id
            if seen is not None:
                seen.add(hash(name))
        fresh.append(fact)
    for number, faults in taken.items():
        tally.refuse(number, faults)
    return fresh


def without(tally: Tally, facts: Sequence[Fact], refused: Mapping[int, Sequence[Fault]]) -> list[Fact]:
    """The facts that are left, the others being refused."""
    for number, faults in refused.items():
        tally.refuse(number, faults)
    return [fact for fact in facts if fact.number not in refused]


def clients_of(facts: Sequence[Fact]) -> dict[ClientId, Client]:
    """Whose these are."""
    return {fact.client.id: fact.client for fact in facts if fact.client is not None}
