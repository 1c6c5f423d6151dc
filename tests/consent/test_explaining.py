"""C4: a decision can be made again as it was, by what had been recorded until then."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from histories import Question, questions
from hypothesis import given, settings
from translating import circumstances, consents, instant, policy_of

from crmkit.domain.consent import Consent, Decision, decide
from crmkit.domain.consent.deciding import as_of


def replayed(question: Question) -> int:
    """Decide after everything that was recorded, and at the end once more as of each of those instants."""
    cell, policy = question.cell, policy_of(question.rules)
    mine = [one for one in question.said if one.subject == cell.subject]
    around, whole = circumstances(question, policy), consents(mine)

    def decided(said: Iterable[Consent], minute: int) -> Decision:
        return decide(
            said, purpose=cell.purpose, channel=cell.channel, endpoint=cell.endpoint, now=instant(minute),
            policy=policy, jurisdiction=question.now.jurisdiction, around=around,
        )  # fmt: skip

    minutes = sorted({one.at for one in mine})
    for minute in minutes:
        then = decided(consents([one for one in mine if one.at <= minute]), minute)
        assert then == decided(as_of(whole, instant(minute)), minute)
    return len(minutes)


@given(questions())
@settings(max_examples=200)
def test_a_decision_is_the_same_when_it_is_explained(question: Question) -> None:
    """Whatever was recorded since."""
    replayed(question)


@pytest.mark.heavy
def test_ten_thousand_decisions_are_explained() -> None:
    """Counted."""
    counted = list[int]()

    @given(questions())
    @settings(max_examples=4000)
    def explained(question: Question) -> None:
        counted.append(replayed(question))

    explained()
    assert sum(counted) >= 10_000
