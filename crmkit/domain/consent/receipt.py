"""What a person is handed about a consent: what they allowed, by which notice, and what has become of it since."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal
from uuid import UUID, uuid5

import attrs

from crmkit.domain.consent.channels import covers
from crmkit.domain.consent.ledger import NOES, Consent, ConsentKind
from crmkit.domain.consent.notice import Notice
from crmkit.domain.consent.policy import Policy
from crmkit.domain.consent.purposes import ConsentPurpose
from crmkit.domain.consent.standing import has_seen, is_proven, must_confirm, standing
from crmkit.domain.marks import Code, Masked, Personal

#: What a yes is worth by itself, before anything else is said.
Worth = Literal["given", "unconfirmed", "unproven"]
ReceiptState = Literal["given", "unconfirmed", "unproven", "expired", "ended", "no"]
#: Stands where the law or the form wants something said that a CRM does not know: who you are, where you store.
NOT_STATED: Final = "not stated"
#: What ends a yes that had not seen it.
ENDS: Final[frozenset[ConsentKind]] = frozenset({*NOES, "erase"})


@attrs.frozen
class Receipt(Masked):
    """
    A receipt, before it is written in a form: a yes with what has become of it, or a no.

    `said` is what it is about, `state` what it is now. Of a yes, `worth` is what it was by itself, `confirmation`
    what confirmed it, and `ended` the first no that it had not seen.
    `notice` is the text that was shown, None where none was or nobody may tell; `purpose` as the policy knows it,
    None for one that it does not. `issued_at` is when it is handed out.

    >>> from datetime import UTC, datetime
    >>> from crmkit.testing import a_client, a_consent
    >>> Receipt(a_consent(a_client()), "given", "gdpr-2026.11", datetime(2026, 1, 1, tzinfo=UTC)).state
    'given'
    """

    said: Consent
    state: ReceiptState
    policy: Code[str]
    issued_at: datetime
    worth: Worth = "given"
    confirmation: Consent | None = None
    ended: Consent | None = None
    notice: Notice | None = None
    purpose: ConsentPurpose | None = None

    @property
    def id(self) -> UUID:
        """The receipt's own id: another one whenever it is issued anew, the same from the same."""
        return uuid5(self.said.id, self.issued_at.isoformat())

    @property
    def stated(self) -> Stated:
        """What every form has to say."""
        said, proof = self.said, self.said.evidence
        return Stated(
            receipt_id=self.id,
            record_id=said.id,
            subject=said.client_id,
            purpose=said.purpose,
            channel=said.channel,
            endpoint=said.endpoint,
            jurisdiction=said.jurisdiction,
            controller=said.controller or NOT_STATED,
            notice=proof.notice or NOT_STATED,
            language=proof.language or NOT_STATED,
            method=proof.method or NOT_STATED,
            given_at=said.recorded_at,
            valid_until=said.valid_until,
        )


@attrs.frozen
class Stated(Masked):
    """
    The fields that no form of a receipt may lack, as they are read back from one.

    What was not known when it was written is `not stated`.
    """

    receipt_id: UUID
    record_id: UUID
    subject: UUID
    purpose: Code[str]
    channel: Code[str]
    endpoint: Personal[str]
    jurisdiction: Code[str]
    controller: Code[str]
    notice: Code[str]
    language: Code[str]
    method: Code[str]
    given_at: datetime
    valid_until: datetime | None


def receipt_of(
    consent: Consent, ledger: Iterable[Consent], *, policy: Policy, now: datetime, notice: Notice | None = None
) -> Receipt:  # fmt: skip
    """
    Make out a receipt of a yes or a no, by what is on record for its client.

    The ledger's own entry decides what became of it; *consent* is what may be shown of that.
    """
    heard = list(ledger)
    purpose = policy.purposes.get(consent.purpose)
    if consent.kind != "grant":
        return Receipt(consent, "no", policy.name, now, notice=notice, purpose=purpose)
    confirmation = min(
        [one for one in heard if one.kind == "confirm" and one.concerns == consent.id], key=_when, default=None
    )  # fmt: skip
    yes = next((one for one in heard if one.id == consent.id), consent)
    worth = _worth(yes, policy)
    state, ended = _became(yes, heard, policy, now)
    return Receipt(consent, state, policy.name, now, worth, confirmation, ended, notice, purpose)


def _worth(yes: Consent, policy: Policy) -> Worth:
    if not is_proven(yes, policy, _jurisdiction(yes, policy)):
        return "unproven"
    return "unconfirmed" if must_confirm(yes, policy) else "given"


def _jurisdiction(yes: Consent, policy: Policy) -> str:
    return yes.jurisdiction if yes.jurisdiction in policy.laws else policy.jurisdiction


def _became(yes: Consent, heard: list[Consent], policy: Policy, now: datetime) -> tuple[ReceiptState, Consent | None]:
    cell = policy.names_of(yes.purpose), yes.channel, yes.endpoint
    noes = [one for one in heard if one.kind in ENDS and covers(one, *cell) and not has_seen(yes, one)]
    if noes:
        return "ended", min(noes, key=_when)
    here = standing(
        heard, purpose=yes.purpose, channel=yes.channel, endpoint=yes.endpoint, now=now, policy=policy,
        jurisdiction=_jurisdiction(yes, policy),
    )  # fmt: skip
    found: tuple[tuple[ReceiptState, tuple[Consent, ...]], ...] = (
        ("given", here.live), ("unconfirmed", here.pending), ("unproven", here.incomplete),
    )  # fmt: skip
    for state, those in found:
        if yes.id in {one.id for one in those}:
            return state, None
    return "expired", None  # its time, or that of its confirmation, is over, or a newer one took its place


def _when(one: Consent) -> tuple[datetime, int]:
    return one.recorded_at, one.seq
