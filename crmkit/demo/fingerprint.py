"""Is it the same as before? One hash over everything that is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256

from crmkit import CRM, Transaction, to_builtins

ROOMS = (
    "users", "teams", "clients", "contacts", "contact_points", "pipelines", "deals", "purchases", "touchpoints",
    "calls", "consents", "tasks", "notes", "tickets",
)  # fmt: skip


def fingerprint(crm: CRM) -> str:
    """The SHA-256 of every record of every room as JSON, each room in the order of its ids."""
    seen = sha256()
    with crm.read(snapshot=True) as tx:
        for line in _lines(tx):
            seen.update(line.encode())
    return seen.hexdigest()


def _lines(tx: Transaction) -> Iterator[str]:
    for name in ROOMS:
        records = getattr(tx, name).stream()
        told = sorted(json.dumps(to_builtins(record), sort_keys=True, ensure_ascii=False) for record in records)
        yield from (f"{name} {line}\n" for line in told)
