"""Events of a plugin's own, told like any other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import attrs

from crmkit.domain.events import Event
from crmkit.domain.money import Money
from crmkit.domain.plain.reading import from_builtins
from crmkit.domain.plain.writing import to_builtins
from crmkit.errors import ReadOnly, TransactionOver
from crmkit.services.checks import Checks
from crmkit.services.unit import Unit

E = TypeVar("E", bound=Event)
#: Where crmkit's own events are made: by verbs, and by nobody else.
_OURS = "crmkit.domain.events."
_ENVELOPE = len(attrs.fields(Event))
#: What the journal writes down and reads back as it was.
_KEPT = (str, int, float, bool, UUID, Money, datetime, type(None))


def tell(unit: Unit, kind: type[E], said: Mapping[str, object]) -> E:
    """Make the event, note it, and say what it is; every fault is told at once."""
    if not unit.is_open:
        raise TransactionOver
    if not unit.writable:
        raise ReadOnly
    check = Checks()
    if not (isinstance(kind, type) and issubclass(kind, Event)) or kind.__module__.startswith(_OURS):
        check.fault("kind", "not_yours", "Give an event class of a plugin's own; crmkit's come from its verbs.")
        check.done()
    fields = {field.name: field for field in attrs.fields(kind)[_ENVELOPE:]}
    for name, value in said.items():
        if name not in fields:
            check.fault(name, "unknown", f"{kind.__name__} says: {', '.join(fields)}.")
        elif not _is_kept(value):
            check.fault(
                name, "not_kept", "Give a text, a number, an id, an aware datetime, a Money, or a tuple of those."
            )
    for name, field in fields.items():
        if name not in said and field.default is attrs.NOTHING:
            check.fault(name, "missing", f"{kind.__name__} has to say it.")
    check.done()
    event = cast("E", cast("Any", kind)(*unit.envelope(), **said))
    if from_builtins(kind, to_builtins(event)) != event:  # faults of fields that hold something else are told by it
        check.fault("kind", "not_kept", f"{kind.__name__} does not come back from JSON as it was.")
        check.done()
    unit.happened(event)
    return event


def _is_kept(value: object) -> bool:
    if isinstance(value, datetime):
        return value.utcoffset() is not None
    if isinstance(value, tuple):
        return all(_is_kept(one) for one in cast("tuple[object, ...]", value))
    return isinstance(value, _KEPT)
