"""What plugins say to a whole chunk: asked once, and in halves only where somebody objects."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from crmkit.domain.records import Record
from crmkit.errors import Conflict, Fault
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


@contextmanager
def commanded(unit: Unit, name: str) -> Generator[None]:
    """Take the path of `command` for a whole chunk: inside `around`, and what fails half-way ends the transaction."""
    written, outer = unit.written, unit.command
    unit.command = name
    try:
        if unit.slots is None or not unit.writable:  # a trial run commands nothing
            yield
        else:
            with unit.slots.around(unit):
                yield
    except BaseException as error:
        if unit.written != written or isinstance(error, Conflict):
            unit.end()
        raise
    finally:
        unit.command = outer
