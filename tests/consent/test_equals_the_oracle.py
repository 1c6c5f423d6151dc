"""Crmkit's decisions are the oracle's, which was written a second time and knows nothing of crmkit."""

from __future__ import annotations

from itertools import pairwise

import attrs
import pytest
from decision_cases import CASES, Case
from histories import Question, questions
from hypothesis import given, settings
from oracle import decide, state
from translating import consents, decided, expected, stands, told

from crmkit.domain.consent.deciding import ROWS, Row

#: The oracle's words for the states of a cell, and crmkit's.
STATES = {
    "NONE": "none", "REQUESTED": "requested", "PENDING": "pending", "GRANTED": "granted", "REFUSED": "refused",
    "WITHDRAWN": "withdrawn", "OBJECTED": "objected", "COMPLAINT": "complained", "SUPPRESSED": "suppressed",
    "INVALIDATED": "invalidated", "EXPIRED": "expired", "EVIDENCE_INCOMPLETE": "evidence_incomplete",
}  # fmt: skip


@given(questions())
@settings(max_examples=1000)
def test_a_decision_is_the_oracles(question: Question) -> None:
    """With the same reason, until the same instant, on the same evidence."""
    assert expected(question) == told(decided(question))


@pytest.mark.heavy
@given(questions())
@settings(max_examples=5000)
def test_five_thousand_decisions_are_the_oracles(question: Question) -> None:
    """As above."""
    assert expected(question) == told(decided(question))


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{'-'.join(case.rows)}" for number, case in enumerate(CASES)])
def test_each_case_of_the_table_is_decided_alike(case: Case) -> None:
    """Row by row, and where two of them meet."""
    assert expected(case.question) == told(decided(case.question))


@given(questions())
@settings(max_examples=300)
def test_a_ledger_may_come_in_any_order_and_twice(question: Question) -> None:
    """Deliveries are shuffled and repeated."""
    heard = consents([one for one in question.said if one.subject == question.cell.subject])
    assert decided(question) == decided(question, said=[*reversed(heard), *heard])


@given(questions(calm=True))
@settings(max_examples=500)
def test_a_cell_is_in_the_state_that_the_oracle_says(question: Question) -> None:
    """Where nothing about the subject as a whole, and no list, stands above it."""
    thought = state(question.said, question.cell, question.rules, question.now)
    if thought not in ("ERASED", "RESTRICTED"):
        assert STATES[thought] == stands(question).state


@pytest.mark.parametrize("left_out", ROWS, ids=[row.__name__ for row in ROWS])
def test_a_table_without_a_row_is_noticed(left_out: Row) -> None:
    """By a case that it decides another way."""
    assert not _is_sound(tuple([row for row in ROWS if row is not left_out]))


def test_two_rows_that_were_swapped_are_noticed() -> None:
    """Whichever stand next to each other: the order is the rule."""
    unnoticed = [
        (upper.__name__, lower.__name__)
        for place, (upper, lower) in enumerate(pairwise(ROWS))
        if _is_sound((*ROWS[:place], lower, upper, *ROWS[place + 2 :]))
    ]
    assert [] == unnoticed


def test_what_the_cases_say_of_the_oracle_they_say_of_crmkit() -> None:
    """The answers that were written down by hand, not those of another program."""
    answers = [(case.answer, decide(*attrs.astuple(case.question, recurse=False))) for case in CASES]
    assert all(written == thought for written, thought in answers)


def _is_sound(rows: tuple[Row, ...]) -> bool:
    for case in CASES:
        try:
            if expected(case.question) != told(decided(case.question, rows)):
                return False
        except LookupError:  # a row that relies on one above it
            return False
    return True
