"""What a CRM stands on."""

from __future__ import annotations

import attrs

from crmkit.ports import Storage
from crmkit.services.transaction import Transaction


@attrs.frozen
class Health:
    """
    The storage's kind and schema revision, and how many transactions its journal holds.

    >>> from crmkit import CRM
    >>> CRM.open("memory://").health()
    Health(storage='memory', revision=None, journal=0)
    """

    storage: str
    revision: str | None
    journal: int


def health_of(storage: Storage, tx: Transaction) -> Health:
    """Look, inside a transaction."""
    return Health(storage.name, storage.revision(), tx._unit.store.journal_length())  # noqa: SLF001
