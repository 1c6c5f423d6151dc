"""Receipts as Hypothesis draws them, and ledgers to tamper with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
from hypothesis import strategies as st

from crmkit.consent import GDPR
from crmkit.domain.consent import Consent, ConsentPurpose, Evidence
from crmkit.domain.consent.chain import chained
from crmkit.domain.consent.receipt import Receipt, receipt_of
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId, ConsentId
from crmkit.testing import a_client, a_consent

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NEVER_YET = NOON + timedelta(days=400)
POLICY = GDPR.with_purposes(ConsentPurpose("partners", kind="sharing"))
NOES = ("refuse", "withdraw", "object", "complaint", "invalidate")
_words = st.text("abcdefghij", min_size=1, max_size=8)
_instants = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
_proofs = st.builds(
    Evidence, notice=st.none() | _words, language=st.sampled_from((None, "ru", "en-GB")), method=st.none() | _words,
    document=st.none() | _words, edition=st.none() | _words, note=st.just("CANARY"), network=st.just("CANARY"),
    agent=st.just("CANARY"),
)  # fmt: skip


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    """A receipt of a yes, perhaps confirmed, perhaps ended, or of a no."""
    channel = draw(st.sampled_from(("email", "sms", "voice", "voice_auto", "messenger:telegram", "post", "push")))
    yes = attrs.evolve(
        a_consent(a_client()),
        id=ConsentId(draw(st.uuids(version=4))),
        purpose=draw(st.sampled_from(("marketing", "profiling", "partners", "contract_notice", "unheard_of"))),
        channel=channel,
        endpoint=draw(st.sampled_from(("", "anna@example.org", "+4915155500000"))),
        jurisdiction=draw(st.sampled_from(("EU", "RU", "US", "other"))),
        controller=draw(st.none() | _words),
        evidence=draw(_proofs),
        recorded_at=draw(_instants),
        valid_until=draw(st.none() | _instants),
        seen=FrozenMap({}),
    )
    if draw(st.booleans()) and draw(st.booleans()):
        no = attrs.evolve(yes, kind=draw(st.sampled_from(NOES)))
        return receipt_of(no, [no], policy=POLICY, now=NEVER_YET)
    said = [yes]
    if draw(st.booleans()):
        soon = draw(st.sampled_from((timedelta(minutes=1), timedelta(days=8))))
        said.append(_after(yes, 2, kind="confirm", concerns=yes.id, recorded_at=yes.recorded_at + soon))
    if draw(st.booleans()) and draw(st.booleans()):
        said.append(_after(yes, 3, kind=draw(st.sampled_from(NOES)), recorded_at=yes.recorded_at + timedelta(days=9)))
    return receipt_of(yes, said, policy=POLICY, now=yes.recorded_at + timedelta(days=draw(st.integers(0, 900))))


def _after(yes: Consent, seq: int, **changed: Any) -> Consent:
    return attrs.evolve(yes, id=ConsentId(UUID(int=yes.id.int ^ seq)), seq=seq, valid_until=None, **changed)


def chain_of_fifty() -> list[Consent]:
    """What two clients said, fifty times in all, each bound to what they had said before."""
    said, last = list[Consent](), {ClientId(UUID(int=1)): "", ClientId(UUID(int=2)): ""}
    for number in range(50):
        subject = [*last][number % 2]
        one = attrs.evolve(
            a_consent(a_client(), number // 2 + 1),
            id=ConsentId(UUID(int=1000 + number)),
            client_id=subject,
            orig_subject=subject,
            seen=FrozenMap({str(subject): number // 2}),
            evidence=Evidence(notice="text", language="en", method="web_form", note=f"line {number}", standalone=True),
            endpoint=f"{number}@example.org",
            concerns=ConsentId(UUID(int=number)),
            recorded_at=NOON + timedelta(minutes=number),
            valid_until=NEVER_YET,
            claimed_at=NOON,
            jurisdiction="EU",
            controller="us",
            actor="17",
            salt=f"salt {number}",
        )
        said.append(chained(one, last[subject]))
        last[subject] = said[-1].digest
    return said
