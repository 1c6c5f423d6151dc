"""Write down what a client said: the next of their own numbers, chained to what they had said before."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.client import Client
from crmkit.domain.consent import EVERY, Basis, Consent, ConsentKind, Evidence
from crmkit.domain.consent.chain import chained
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId, ConsentId
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.services.heads import locked_heads
from crmkit.services.room import KEEP, Omitted
from crmkit.services.unit import Unit

NOTHING = Evidence()


@attrs.frozen
class Said:
    """What is to be written down, checked."""

    kind: ConsentKind
    purpose: str
    channel: str
    endpoint: str | None = EVERY
    basis: Basis = "consent"
    evidence: Evidence = NOTHING
    valid_until: datetime | None = None
    concerns: ConsentId | None = None
    jurisdiction: str | None = None
    controller: str | None = None
    claimed_at: datetime | None = None


def say(unit: Unit, client_id: ClientId, said: Said, seen: int | Omitted | None = KEEP) -> Consent:
    """
    Write it down under the lock of the client's heads, which is held until the end.

    *seen* is what had been on record when the question was put: all of it if omitted, None for nothing.
    """
    subject = unit.get(Client, client_id).id
    heads = locked_heads(unit, subject)
    if seen is KEEP:
        saw = {str(one): head for one, head in sorted(heads.items())}
    else:  # a watermark counts under the id it was read for, whoever that has become
        saw = {} if seen is None else {str(client_id): min(seen, heads.get(client_id, 0))}
    consent = Consent(
        id=ConsentId(unit.new_id()),
        client_id=subject,
        orig_subject=subject,
        seq=heads[subject] + 1,
        seen=FrozenMap(saw),
        kind=said.kind,
        purpose=said.purpose,
        channel=said.channel,
        basis=said.basis,
        evidence=said.evidence,
        valid_until=said.valid_until,
        recorded_at=unit.now,
        actor=unit.actor,
        source=unit.source,
        endpoint=EVERY if said.endpoint is None else said.endpoint,
        concerns=said.concerns,
        jurisdiction=said.jurisdiction or unit.rules.consent.jurisdiction,
        controller=said.controller,
        claimed_at=said.claimed_at,
        salt=unit.new_id().hex + unit.new_id().hex,
    )
    return unit.insert(chained(consent, _last_digest(unit, subject, heads[subject])))


def ledger_of(unit: Unit, client_id: ClientId) -> list[Consent]:
    """All that is on record for a client."""
    return unit.store.select(Query(Consent, Test("client_id", "eq", client_id), "recorded_at"))


def _last_digest(unit: Unit, subject: ClientId, head: int) -> str:
    if not head:
        return ""
    theirs = Test("client_id", "eq", subject) & Test("orig_subject", "eq", subject)
    last = unit.store.select(Query(Consent, theirs, "seq", descending=True, limit=1))
    return last[0].digest if last else ""
