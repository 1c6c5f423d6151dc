"""Settings to plain values, as a file of them would hold: for a doctor's report, and to show examples."""

from __future__ import annotations

from enum import Enum
from typing import Any, cast

from crmkit.domain.secret import MASK, Secret
from crmkit.plugins.settings.hints import entries_of, hint_of
from crmkit.plugins.settings.scalars import scalar_of


def plain(settings: object) -> dict[str, Any]:
    """
    Write settings as a file of them would; secrets are `***`, what is None is left out.

    >>> import attrs
    >>> @attrs.frozen
    ... class SlackSettings:
    ...     channel: str
    ...     token: Secret
    >>> plain(SlackSettings("#sales", Secret("hunter2")))
    {'channel': '#sales', 'token': '***'}
    """
    return cast("dict[str, Any]", written(settings, type(settings)))


def written(value: Any, hint: Any) -> Any:
    """Write one value of a type."""
    if value is None:
        return None
    known = hint_of(hint)
    if known.form == "table":
        return {
            entry.key: written(inner, entry.hint)
            for entry in entries_of(known.type)
            if (inner := getattr(value, entry.field.name)) is not None
        }
    if known.form == "map":
        return {key: written(inner, known.inside) for key, inner in value.items()}
    if known.form in ("list", "set"):
        return [written(inner, known.inside) for inner in value]
    if known.form == "choice":
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Secret):
        return MASK
    scalar = scalar_of(known.type)
    return scalar.write(value) if scalar is not None else value
