"""What a client allows: an append-only ledger, and the question it answers.

Precedence has no clock. A yes undoes only the noes that had been on record when it was asked for, so a late web
hook or an import can never undo a refusal. GDPR art. 7(1) and 7(3), 152-FZ art. 9, 38-FZ art. 18.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId, ConsentId
from crmkit.domain.marks import Code, Masked, Personal
from crmkit.domain.source import Source

ConsentKind = Literal["grant", "withdraw"]
Basis = Literal["consent", "contract", "legitimate_interest", "legal_obligation"]
EVERY = "*"


@attrs.frozen
class Evidence(Masked):
    """
    What proves a consent: which notice was shown in which language, how it was said, and where the proof is kept.

    >>> Evidence(notice="privacy-2026-05", language="ru", method="web_form").notice
    'privacy-2026-05'
    """

    notice: Code[str | None] = None
    language: Code[str | None] = None
    method: Code[str | None] = None
    document: Code[str | None] = None
    note: Personal[str | None] = None


@attrs.frozen
class Consent(Masked):
    """
    One thing a client said about being contacted.

    `seq` counts from 1 per `orig_subject`, the client it was said by (a later merge changes `client_id`, never this).
    `seen` is, per such subject, the highest `seq` that had been on record when the question was put; a subject
    missing from it had nothing seen, as with an import.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna", email="anna@example.org")
    ...     _ = tx.consents.grant(anna.id, purpose="marketing", channel="email")
    ...     no = tx.consents.withdraw(anna.id, purpose="marketing")
    ...     no.seq, tx.consents.may_contact(anna.id, purpose="marketing", channel="email").reason
    (2, 'withdraw')
    """

    id: ConsentId
    client_id: ClientId
    orig_subject: ClientId
    seq: int
    seen: Code[FrozenMap[str, int]]
    kind: ConsentKind
    purpose: Code[str]
    channel: Code[str]
    basis: Basis
    evidence: Evidence
    valid_until: datetime | None
    recorded_at: datetime
    actor: Code[str | None]
    source: Source


@attrs.frozen
class Decision:
    """
    May we? `reason` is a code, `until` when to ask again, `evidence` the consents it rests on, `policy` the rules.

    >>> Decision(False, "none").allowed
    False
    """

    allowed: bool
    reason: Code[str]
    until: datetime | None = None
    evidence: tuple[ConsentId, ...] = ()
    policy: Code[str] = ""


@attrs.frozen
class Policy:
    """Which bases carry which purpose, as data."""

    name: Code[str]
    carried_by: Mapping[str, frozenset[Basis]] = attrs.field(hash=False)


#: The rules until policy packs say otherwise: what nobody agreed to is refused, unknown purposes too.
FIRST_POLICY = Policy(
    "crmkit-1",
    {
        "marketing": frozenset({"consent"}),
        "profiling": frozenset({"consent"}),
        "service": frozenset({"consent", "contract", "legitimate_interest"}),
        "contract_notice": frozenset({"consent", "contract"}),
        "mandatory": frozenset({"legal_obligation"}),
    },
)


def decide(said: Iterable[Consent], *, purpose: str, channel: str, now: datetime, policy: Policy) -> Decision:
    """Say whether a client may be contacted; the first rule that matches wins, and silence is no."""
    if purpose not in policy.carried_by:
        return Decision(False, "unknown_purpose", policy=policy.name)
    if purpose == "mandatory":
        return Decision(True, "legal_obligation", policy=policy.name)
    heard = sorted({one.id: one for one in said}.values(), key=lambda one: (one.seq, one.id))
    noes = [one for one in heard if one.kind == "withdraw" and _matches(one, purpose, channel)]
    yeses = [one for one in heard if one.kind == "grant" and (one.purpose, one.channel) == (purpose, channel)]
    standing = [yes for yes in yeses if all(_had_seen(yes, no) for no in noes)]
    if not standing:
        if noes:
            return Decision(False, noes[-1].kind, evidence=(noes[-1].id,), policy=policy.name)
        return Decision(False, "none", policy=policy.name)
    live = [yes for yes in standing if yes.valid_until is None or now < yes.valid_until]
    if not live:
        return Decision(False, "expired", evidence=tuple([yes.id for yes in standing]), policy=policy.name)
    carried = [yes for yes in live if yes.basis in policy.carried_by[purpose]]
    if not carried:
        ids = tuple([yes.id for yes in live])
        return Decision(False, "basis_not_permitted", evidence=ids, policy=policy.name)
    return Decision(True, "granted", evidence=tuple([yes.id for yes in carried]), policy=policy.name)


def _matches(no: Consent, purpose: str, channel: str) -> bool:
    return no.purpose in (EVERY, purpose) and (
        no.channel in (EVERY, channel) or channel.startswith(f"{no.channel}:")  # messenger covers messenger:telegram
    )


def _had_seen(yes: Consent, no: Consent) -> bool:
    """What another subject said before a merge had not been on record here, so no earlier yes has seen it."""
    return yes.seen.get(str(no.orig_subject), -1) >= no.seq
