"""Clients with other kept instants: the one change that happens with every touchpoint, so it is made without checks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from crmkit.domain.client import KEPT, Client, Kept

_SLOTS: dict[str, Any] = {field.name: Client.__dict__[field.name] for field in attrs.fields(Client)}
_COPIES = tuple((slot.__get__, slot.__set__) for slot in _SLOTS.values())
_new = object.__new__


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


def _copied(client: Client) -> Client:
    made = _new(Client)
    for get, put in _COPIES:
        put(made, get(client))
    return made
