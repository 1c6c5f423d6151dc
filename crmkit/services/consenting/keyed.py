"""The secret that hashes of addresses and links to confirm are made with: one a store, made when first needed."""

from __future__ import annotations

import hmac
from hashlib import sha256

from crmkit.services.unit import Unit

_NAME = "crmkit consent secret"


def secret(unit: Unit) -> bytes | None:
    """The store's secret, None as long as nothing needed one."""
    kept = unit.store.recall(_NAME)
    return None if kept is None else bytes.fromhex(kept)


def made_secret(unit: Unit) -> bytes:
    """The store's secret, made now if there is none; two that make one at once: one of them is `Conflict`."""
    if (known := secret(unit)) is not None:
        return known
    # Two ids of version 7 hold some 148 random bits; the domain's ids are the only chance a transaction may take.
    made = sha256(unit.new_id().bytes + unit.new_id().bytes).digest()
    unit.store.remember(_NAME, made.hex())
    return made


def signature(key: bytes, purpose: str, said: bytes) -> bytes:
    """Sign *said* for one purpose only: 128 bits, which nobody guesses."""
    return hmac.digest(key, purpose.encode() + b"\0" + said, "sha256")[:16]
