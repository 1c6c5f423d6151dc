"""What plugins say to a whole chunk: asked once, and in halves only where somebody objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmkit.domain.records import Record
from crmkit.errors import Fault
from crmkit.services.unit import Unit

#: A record before and after; None before: added.
Change = tuple[Record | None, Record | None]


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
