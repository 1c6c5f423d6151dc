"""The rows of the decision table, one by one and two by two."""

from __future__ import annotations

from itertools import combinations, pairwise

import attrs
import pytest
from decision_cases import CASES, Case, neighbours, single_rows
from histories import Question
from oracle import ROWS, Answer, Row, decide

NAMES = [row.__name__ for row in ROWS]
#: An age is known or it is not; who is granted stands last, with an answer to everything.
APART = {("under_age", "age_unknown"), ("quiet_hours", "granted")}


#: What a table says none of whose rows has an answer.
DUMB = Answer("DENY", "no_row")


def _asked(question: Question, rows: tuple[Row, ...] = ROWS) -> Answer:
    return decide(question.said, question.cell, question.rules, question.now, rows)


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{'-'.join(case.rows)}" for number, case in enumerate(CASES)])
def test_a_question_is_answered_by_the_first_row_that_matches(case: Case) -> None:
    """The answer whole: verdict, reason, until when, and the grants it rests on."""
    assert case.answer == _asked(case.question)


def test_every_row_is_met_alone_and_with_its_neighbour() -> None:
    """No row is there for nothing, and none stands where it stands by chance."""
    assert set(NAMES) == {name for case in single_rows() for name in case.rows}
    assert set(pairwise(NAMES)) - APART <= {pair for case in neighbours() for pair in combinations(case.rows, 2)}


def test_a_case_is_about_the_rows_it_names() -> None:
    """Each of them has an answer of its own for it."""
    by_name = dict(zip(NAMES, ROWS, strict=True))
    silent = [(case, name) for case in CASES for name in case.rows if _asked(case.question, (by_name[name],)) == DUMB]
    assert [] == silent


def test_a_table_without_a_row_answers_wrongly() -> None:
    """Each of them is missed by a case."""
    assert [] == [row.__name__ for row in ROWS if _is_sound(tuple([one for one in ROWS if one is not row]))]


def test_a_table_with_two_rows_that_can_both_match_swapped_answers_wrongly() -> None:
    """Whichever stand next to each other."""
    sound = [
        (upper.__name__, lower.__name__)
        for place, (upper, lower) in enumerate(pairwise(ROWS))
        if _is_sound((*ROWS[:place], lower, upper, *ROWS[place + 2 :]))
    ]
    assert [("under_age", "age_unknown")] == sound


def _is_sound(rows: tuple[Row, ...]) -> bool:
    for case in CASES:
        try:
            if case.answer != _asked(case.question, rows):
                return False
        except KeyError:  # a purpose without rules, which a row above should have stopped
            return False
    return True


def test_a_mandatory_notice_is_stopped_by_nothing_but_what_is_unknown_or_erased() -> None:
    """Not by a list, a dead endpoint, a restriction, a refusal or the hour: they are told what the law wants told."""
    for case in CASES:
        question = case.question
        cell = attrs.evolve(question.cell, purpose="breach_notice")
        answer = _asked(attrs.evolve(question, cell=cell))
        stopped = {"unknown_channel", "unknown_jurisdiction", "unknown_endpoint", "erased"} & {answer.reason}
        assert stopped or Answer("ALLOW", "legal_obligation") == answer
