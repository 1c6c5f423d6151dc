"""The quick way to a frozen value of ours: fill an unfrozen twin of its class, then let it be of the class itself."""

from __future__ import annotations

from typing import Any

import attrs

from crmkit.domain.once import once_for_each

#: Makes an object of another class with the same slots; the second argument is the class.
freeze = object.__dict__["__class__"].__set__


@once_for_each
def thawed(kind: type[Any]) -> type[Any]:
    """
    Give the twin of a frozen attrs class: the same slots, and nothing that keeps them from being set.

    A frozen class sets each field by a call, a twin by an assignment: a third of the time for a record. Nothing is
    checked, so this is for values that were checked before: rows of a storage, copies.

    >>> from crmkit.domain.client import ExternalId
    >>> made = thawed(ExternalId)()
    >>> made.id, made.client_id, made.system, made.value = 1, 2, "shop", "42"
    >>> freeze(made, ExternalId)
    >>> made == ExternalId(1, 2, "shop", "42")
    True
    """
    slots = tuple(field.name for field in attrs.fields(kind))
    assert slots == kind.__slots__, f"{kind.__name__} has slots besides its fields"
    return type(f"_{kind.__name__}", kind.__bases__, {"__slots__": slots})
