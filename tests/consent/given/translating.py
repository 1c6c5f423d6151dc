"""The oracle's words in crmkit's: a ledger, its rules, and the circumstances of a question."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid5

import oracle
from histories import Question

from crmkit import Evidence
from crmkit.consent import Cap, Law, Policy
from crmkit.domain.consent import Basis, Circumstances, Consent, ConsentKind, Decision, decide
from crmkit.domain.consent.deciding import ROWS, Row
from crmkit.domain.consent.policy import Matrix
from crmkit.domain.consent.purposes import ConsentPurpose, PurposeClass
from crmkit.domain.consent.slot import Slot, full_until
from crmkit.domain.consent.standing import Standing, standing
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId, ConsentId, MessageId, SlotId
from crmkit.domain.source import FROM_CODE

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = UUID(int=7)
#: What each verdict is in a decision: allowed, and whether it was only put off.
VERDICTS = {(True, False): "ALLOW", (False, True): "DEFER", (False, False): "DENY"}


def instant(minutes: int) -> datetime:
    """Minute nought is the first of January."""
    return START + timedelta(minutes=minutes)


def named(text: str) -> UUID:
    """The id that stands for a name."""
    return uuid5(NAMES, text)


def consents(said: Iterable[oracle.Said]) -> list[Consent]:
    """A ledger as crmkit keeps it; the order of ids is the order of names."""
    return [_consent(one) for one in said]


def _consent(one: oracle.Said) -> Consent:
    number = int(one.id[1:]) if one.id[0] in "ec" else 9000 + int(one.id[3:])
    made = Consent(
        ConsentId(_id(one.id)),
        ClientId(named(one.subject)),
        ClientId(named(one.orig)),
        one.seq,
        FrozenMap({str(named(subject)): seq for subject, seq in one.seen.items()}),
        cast("ConsentKind", one.kind),
        one.purpose,
        one.channel,
        cast("Basis", one.basis),
        Evidence(
            document="paper" if one.complete else None,
            standalone=one.standalone,
            balancing="weighed" if one.balanced else None,
        ),
        None if one.until is None else instant(one.until),
        instant(one.at),
        None,
        FROM_CODE,
        one.endpoint,
        ConsentId(_id(one.ref)) if one.ref else None,
    )
    assert number >= 0
    return made


def _id(text: str) -> UUID:
    """In the order of the names, letter by letter, as the oracle's are."""
    return UUID(bytes=text.encode().ljust(16, b"\0"))


def policy_of(rules: oracle.Rules) -> Policy:
    """The same rules, as a policy."""
    laws = {
        where: Law(
            _matrix(rules, where),
            standalone=where in rules.standalone_in,
            autodial_barred=("marketing", where) in rules.autodial_barred,
            mass_consent=where in rules.mass_needs_consent,
        )
        for where in rules.jurisdictions
    }
    purposes = {
        key: ConsentPurpose(key, kind=cast("PurposeClass", one.klass), mass=one.mass, youngest=one.min_age)
        for key, one in rules.purposes.items()
    }
    caps = ([("*", rules.cap)] if rules.cap else []) + list(rules.channel_caps.items())
    return Policy(
        "oracle",
        "RU",
        laws,
        confirmed=rules.double_opt_in,
        caps=tuple([Cap(cap.number, timedelta(minutes=cap.window), channel) for channel, cap in caps]),
        purposes=purposes,
    )


def _matrix(rules: oracle.Rules, where: str) -> Matrix:
    made: dict[tuple[PurposeClass, str], frozenset[Basis]] = {
        ("mandatory", "*"): frozenset[Basis]({"legal_obligation"})
    }
    for (klass, channel, there), bases in rules.carries.items():
        if there == where:
            made[cast("PurposeClass", klass), channel] = frozenset(cast("Iterable[Basis]", bases))
    return made


def circumstances(question: Question, policy: Policy) -> Circumstances:
    """What the oracle is told as lists, told as crmkit's services would find it."""
    now, cell = question.now, question.cell
    awake, until = now.awake
    at = instant(now.now)
    return Circumstances(
        suppressed=oracle.is_listed(cell, question.rules, now),
        dead=cell.endpoint in now.dead,
        age=now.age,
        full_until=full_until(policy.caps, list(_slots(question, policy)), cell.channel, at),
        day_at=at if awake else None if until is None else instant(until),
    )


def _slots(question: Question, policy: Policy) -> Iterable[Slot]:
    whose = ClientId(named(question.cell.subject))
    for number, (minute, channel) in enumerate(question.now.sent):
        for cap in policy.caps:
            if cap.counts(channel):
                at = instant(minute)
                yield Slot(
                    SlotId(UUID(int=number)),
                    whose,
                    whose,
                    cap.key,
                    number,
                    MessageId(UUID(int=number)),
                    at,
                    at + cap.within,
                    at,
                    at,
                )


def decided(question: Question, rows: tuple[Row, ...] = ROWS, said: Any = None) -> Decision:
    """Crmkit's answer to the oracle's question; of the ledger, what is the subject's."""
    policy, cell = policy_of(question.rules), question.cell
    heard = consents([one for one in question.said if one.subject == cell.subject]) if said is None else said
    return decide(
        heard,
        purpose=cell.purpose,
        channel=cell.channel,
        endpoint=cell.endpoint if question.now.endpoint_known else "*",
        now=instant(question.now.now),
        policy=policy,
        jurisdiction=question.now.jurisdiction,
        around=circumstances(question, policy),
        rows=rows,
    )


def stands(question: Question) -> Standing:
    """What crmkit makes of the ledger in the question's cell."""
    policy, cell = policy_of(question.rules), question.cell
    return standing(
        consents([one for one in question.said if one.subject == cell.subject]),
        purpose=cell.purpose,
        channel=cell.channel,
        endpoint=cell.endpoint,
        now=instant(question.now.now),
        policy=policy,
        jurisdiction=question.now.jurisdiction,
    )


def told(decision: Decision) -> tuple[str, str, datetime | None, frozenset[UUID]]:
    """A decision in the oracle's words; the evidence only where it carries something."""
    deferred = decision.reason in ("frequency_cap", "quiet_hours")
    verdict = VERDICTS[decision.allowed, deferred]
    return verdict, decision.reason, decision.until, frozenset(decision.evidence if verdict != "DENY" else ())


def expected(question: Question) -> tuple[str, str, datetime | None, frozenset[UUID]]:
    """What the oracle says."""
    answer = oracle.decide(question.said, question.cell, question.rules, question.now)
    until = None if answer.until is None else instant(answer.until)
    return answer.verdict, answer.reason, until, frozenset([_id(one) for one in answer.by])
