"""Addresses that are never written to again, whoever they belong to: kept as keyed hashes alone."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import datetime

import attrs

from crmkit.domain.consent.channels import family, same_as
from crmkit.domain.consent.ledger import EVERY
from crmkit.domain.consent.purposes import PurposeClass
from crmkit.domain.marks import Code, Masked


@attrs.frozen
class Suppressed(Masked):
    """
    One address that is not to be reached for one class of purposes, or any, on one channel, or any.

    Its id is a keyed hash of all three: the list tells nobody's address, and outlives whoever it was. `lifted_at` is
    when it was taken off; it holds from `since`.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> Suppressed("9f…", "sms", "marketing", now, None, "17", now, now).holds(now)
    True
    """

    id: Code[str]
    channel: Code[str]
    purposes: Code[str]
    since: datetime
    lifted_at: datetime | None
    actor: Code[str | None]
    created_at: datetime
    updated_at: datetime
    version: int = 1

    def holds(self, at: datetime) -> bool:
        """Whether it stood on the list at an instant."""
        return self.since <= at and (self.lifted_at is None or at < self.lifted_at)


def suppression_id(key: bytes, endpoint: str, channel: str, purposes: PurposeClass | str) -> str:
    """The id under which an address stands on the list, in one scope."""
    said = json.dumps([endpoint, channel, purposes], ensure_ascii=True, separators=(",", ":"))
    return hmac.digest(key, said.encode("ascii"), "sha256").hex()


def suppression_ids(key: bytes, endpoint: str, channel: str, purposes: PurposeClass) -> Iterator[str]:
    """Every id under which the list may hold what covers this address, channel and class."""
    for scope in dict.fromkeys((*same_as(channel, endpoint), family(channel), EVERY)):
        yield suppression_id(key, endpoint, scope, purposes)
        yield suppression_id(key, endpoint, scope, EVERY)
