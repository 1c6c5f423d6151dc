"""What a client allows: an append-only ledger of what was said.

Precedence has no clock. A yes undoes only the noes that had been on record when it was asked for, so a late web
hook or an import can never undo a refusal. GDPR art. 7(1) and 7(3), 152-FZ art. 9, 38-FZ art. 18.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import attrs

from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId, ConsentId
from crmkit.domain.marks import Code, Masked, Personal
from crmkit.domain.source import Source

ConsentKind = Literal[
    "request", "grant", "confirm", "refuse", "withdraw", "object", "complaint", "suppress", "unsuppress", "invalidate",
    "restrict", "lift_restriction", "erase",
]  # fmt: skip
Basis = Literal["consent", "contract", "legitimate_interest", "legal_obligation", "soft_opt_in", "notice_opt_out"]
EVERY = "*"
#: What closes every cell it covers.
NOES: Final[frozenset[ConsentKind]] = frozenset({"refuse", "withdraw", "object", "complaint", "suppress", "invalidate"})


@attrs.frozen
class Evidence(Masked):
    """
    What proves a consent: which notice was shown in which language, how it was said, and where the proof is kept.

    `notice` is the id of a `Notice`, the hash of its text; `edition`, `language` and `standalone` are then its own.
    `document` names a signed paper, contract, sale or scan instead; `form` is the hash of the form as it was shown,
    `recording` a call's, `balancing` the record that weighed a legitimate interest (GDPR art. 6(1)(f)). `network` is
    the address it came from, shortened, `agent` the program.

    >>> Evidence(document="paper-17", language="ru", method="signed").document
    'paper-17'
    """

    notice: Code[str | None] = None
    language: Code[str | None] = None
    method: Code[str | None] = None
    document: Code[str | None] = None
    note: Personal[str | None] = None
    edition: Code[str | None] = None
    standalone: bool | None = None
    form: Code[str | None] = None
    recording: Code[str | None] = None
    balancing: Code[str | None] = None
    network: Personal[str | None] = None
    agent: Personal[str | None] = None


@attrs.frozen
class Consent(Masked):
    """
    One thing a client said about being contacted.

    `seq` counts from 1 per `orig_subject`, the client it was said by (a later merge changes `client_id`, never this).
    `seen` is, per such subject, the highest `seq` that had been on record when the question was put; a subject
    missing from it had nothing seen, as with an import. `endpoint` is the address it is about, as its match key:
    empty where none was known, `*` for all of a channel, which only a no may be about. `concerns` is the grant that a
    confirmation confirms. `claimed_at` is when it was said, by the word of whoever reported it later.
    `digest` chains what the subject said, over `proof` in the place of what is personal; `Chain` tells how.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://", consent="permissive") as crm, crm.begin() as tx:
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
    endpoint: Personal[str] = EVERY
    concerns: ConsentId | None = None
    jurisdiction: Code[str] = ""
    controller: Code[str | None] = None
    claimed_at: datetime | None = None
    salt: Code[str] = ""
    proof: Code[str] = ""
    digest: Code[str] = ""


@attrs.frozen
class Decision:
    """
    May we? `reason` is a code, `until` when to ask again, `evidence` the consents it rests on, `policy` the rules.

    Not allowed, with an `until`: later it may be; without one: not before something is said.

    >>> Decision(False, "none").allowed, Decision(False, "none").deferred
    (False, False)
    """

    allowed: bool
    reason: Code[str]
    until: datetime | None = None
    evidence: tuple[ConsentId, ...] = ()
    policy: Code[str] = ""

    @property
    def deferred(self) -> bool:
        """Whether it is only too early, and until when is known."""
        return not self.allowed and self.until is not None
