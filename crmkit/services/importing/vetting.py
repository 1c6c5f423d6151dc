"""What the access policy and plugins say to a whole chunk: asked once, and in halves only where somebody objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from crmkit.domain.client import Client
from crmkit.domain.ids import ClientId
from crmkit.domain.records import Record
from crmkit.errors import Fault, Forbidden
from crmkit.services.unit import Unit

#: A record before and after; None before: added.
Change = tuple[Record | None, Record | None]


def forbidden(unit: Unit, changes: Mapping[int, Sequence[Change]]) -> dict[int, Sequence[Fault]]:
    """Which rows come to what the acting user may not do; whom they mean is asked of all rows at once."""
    if not unit.permits.limited:
        return {}
    every = [change for some in changes.values() for change in some]
    new = {after.id for before, after in every if before is None and isinstance(after, Client)}
    asked: dict[type[Record], list[ClientId]] = {}
    for change in every:
        if (client_id := _client_of(change)) is not None and client_id not in new:
            asked.setdefault(_kind_of(change), []).append(client_id)
    for kind, ids in asked.items():
        unit.permits.ask("write", kind, ids)
    found = dict[int, Sequence[Fault]]()
    for row, some in changes.items():
        try:
            for change in some:
                if _client_of(change) not in new:
                    unit.permits.write(*change)
        except Forbidden as error:
            found[row] = (Fault("client", "forbidden", str(error)),)
    return found


def _kind_of(change: Change) -> type[Record]:
    before, after = change
    return cast("type[Record]", type(after if before is None else before))


def _client_of(change: Change) -> ClientId | None:
    """Whose a record is that hangs on a client; None for clients themselves."""
    before, after = change
    whose: ClientId | None = getattr(after if before is None else before, "client_id", None)
    return whose


def objections(unit: Unit, changes: Mapping[int, Sequence[Change]]) -> dict[int, Sequence[Fault]]:
    """
    Which rows somebody objects to, and why; *changes* are what each row comes to.

    An objection names no row. So a chunk that meets one is halved until the row is found: some twenty questions for
    each such row of a thousand, one for all others together.
    """
    if unit.slots is None or not changes:
        return {}
    faults = tuple(unit.slots.check_many(unit, [change for some in changes.values() for change in some]))
    if not faults:
        return {}
    rows = list(changes)
    if len(rows) == 1:
        return {rows[0]: faults}
    found = dict[int, Sequence[Fault]]()
    for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
        found |= objections(unit, {row: changes[row] for row in half})
    return found
