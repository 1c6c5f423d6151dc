"""Doing a thing once: what was done is remembered in the commit that does it."""

from __future__ import annotations

from crmkit.errors import Fault, Invalid
from crmkit.services.unit import Unit

#: What fits where keys are kept.
LONGEST = 255


def once(unit: Unit, plugin: str, key: str) -> bool:
    """True the first time for *plugin* and *key*, ever; two at once: one of them is `Conflict` and asks again."""
    name = f"once {plugin} {key}"
    if not isinstance(key, str) or not 0 < len(name) <= LONGEST:
        raise Invalid(Fault("key", "not_a_key", "Give a key of 1 to 150 characters, such as 'invoice-17'."))
    if unit.store.recall(name) is not None:
        return False
    unit.store.remember(name, "")
    return True
