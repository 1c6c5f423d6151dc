"""Is it the same as before? One hash over everything that is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256

from crmkit import CRM, Transaction, to_builtins

ROOMS = (
    "users", "teams", "clients", "contacts", "contact_points", "pipelines", "deals", "purchases", "touchpoints",
    "calls", "consents", "tasks", "notes", "tickets",
)  # fmt: skip
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def fingerprint(crm: CRM, *, ids: bool = True) -> str:
    """
    The SHA-256 of every record of every room as JSON, each room in its own order.

    Without *ids* each is replaced by its number in order of appearance: two databases into which the same was loaded
    in the same order then have one fingerprint.
    """
    seen, known = sha256(), dict[str, str]()
    with crm.read(snapshot=True) as tx:
        for line in _lines(tx):
            told = line if ids else _ID.sub(lambda found: known.setdefault(found[0], f"#{len(known)}"), line)
            seen.update(told.encode())
    return seen.hexdigest()


def _lines(tx: Transaction) -> Iterator[str]:
    for name in ROOMS:
        for record in getattr(tx, name).stream():
            yield f"{name} {json.dumps(to_builtins(record), sort_keys=True, ensure_ascii=False)}\n"
