"""What changed between two values of a record, in words an event may carry."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import attrs

from crmkit.domain.custom import Custom
from crmkit.domain.events import Change
from crmkit.domain.marks import personal_fields
from crmkit.services.rules import Rules

#: What crmkit itself sets with every change.
_KEPT_ALONG = frozenset({"version", "updated_at"})


def changes(before: Any, after: Any, rules: Rules) -> tuple[Change, ...]:
    """Each field that differs, in the record's order; of a personal one the name only."""
    kind = before.__class__
    hidden = personal_fields(kind)
    told: list[Change] = []
    for field in attrs.fields(kind):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old == new or field.name in _KEPT_ALONG:
            continue
        if isinstance(old, Custom):
            told += _custom_changes(kind.__name__.lower(), old, new, rules)
        elif field.name in hidden:
            told.append(Change(field.name))
        else:
            told.append(Change(field.name, _text(old), _text(new)))
    return tuple(told)


def _custom_changes(record: str, old: Custom, new: Custom, rules: Rules) -> list[Change]:
    told: list[Change] = []
    for key in sorted(old.raw.keys() | new.raw.keys()):
        was, now = old.raw.get(key), new.raw.get(key)
        field = rules.fields.get((record, key))
        if was != now:
            open_to_all = field is not None and not field.pii
            told.append(Change(f"custom.{key}", *((_text(was), _text(now)) if open_to_all else ())))
    return told


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
