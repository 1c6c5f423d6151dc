"""What changed between two values of a record, in words an event may carry; of personal fields, in the audit alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import attrs

from crmkit.domain.client import Client
from crmkit.domain.custom import Custom
from crmkit.domain.events import Change
from crmkit.domain.ids import ClientId, EventId, PersonalChangeId
from crmkit.domain.marks import personal_fields
from crmkit.domain.personal_change import PersonalChange
from crmkit.domain.records import noun
from crmkit.services.rules import Rules

if TYPE_CHECKING:
    from crmkit.services.unit import Unit

#: What crmkit itself sets with every change.
_KEPT_ALONG = frozenset({"version", "updated_at"})


@attrs.frozen
class _Difference:
    """One field that is another than it was, as text."""

    field: str
    before: str | None
    after: str | None
    personal: bool


def differ(before: Any, after: Any) -> bool:
    """Say whether anything changed that an event would tell of."""
    return any(
        getattr(before, field.name) != getattr(after, field.name)
        for field in attrs.fields(before.__class__)
        if field.name not in _KEPT_ALONG
    )


def recorded(unit: Unit, event_id: EventId, before: Any, after: Any) -> tuple[Change, ...]:
    """
    What the event of this id says of a change: each field that differs, in the record's order.

    What personal fields held is kept in the same commit, under a salt, and the event only proves it.
    """
    return tuple([
        _kept(unit, event_id, before, one) if one.personal else Change(one.field, one.before, one.after)
        for one in _differences(before, after, unit.rules)
    ])  # fmt: skip


def _kept(unit: Unit, event_id: EventId, record: Any, one: _Difference) -> Change:
    salt = unit.new_id().hex + unit.new_id().hex
    whose: ClientId | None = record.id if isinstance(record, Client) else getattr(record, "client_id", None)
    values = PersonalChange(
        PersonalChangeId(unit.new_id()), whose, event_id, noun(record.__class__), str(record.id), one.field, one.before,
        one.after, salt,
    )  # fmt: skip
    unit.store.insert(values)
    return Change(one.field, proof=values.proof)


def _differences(before: Any, after: Any, rules: Rules) -> Iterator[_Difference]:
    kind = before.__class__
    personal = personal_fields(kind)
    for field in attrs.fields(kind):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old == new or field.name in _KEPT_ALONG:
            continue
        if isinstance(old, Custom):
            yield from _custom(kind.__name__.lower(), old, new, rules)
        else:
            yield _Difference(field.name, _text(old), _text(new), field.name in personal)


def _custom(record: str, old: Custom, new: Custom, rules: Rules) -> Iterator[_Difference]:
    for key in sorted(old.raw.keys() | new.raw.keys()):
        was, now = old.raw.get(key), new.raw.get(key)
        if was != now:
            field = rules.fields.get((record, key))
            yield _Difference(f"custom.{key}", _text(was), _text(now), field is None or field.pii)


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case datetime():
            return value.isoformat()
        case frozenset():
            return ", ".join(sorted(cast("frozenset[str]", value)))
        case _ if hasattr(value, "items"):
            return ", ".join(f"{key}={item}" for key, item in sorted(value.items()))
        case _:
            return str(value)
