"""What holds of consent whatever was said, tried on the model that crmkit's own rules are compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from random import Random

import attrs
from basis_matrix import DAY, RULES
from hearing import NOES, is_about
from histories import SUBJECTS, Question, added, agreed, questions
from hypothesis import Phase, find, given, settings, strategies as st
from oracle import Answer, Cell, Said, decide, klass_of, state
from promises.scales import scales

RANKS = {"DENY": 0, "DEFER": 1, "ALLOW": 2}
MANY = [
    Cell(*one)
    for one in product(
        SUBJECTS[:2], ("marketing", "service"), ("email", "voice", "messenger:telegram"), ("one", "two")
    )
]  # fmt: skip
often = scales(plain=300, heavy=5_000)


def _asked(question: Question, said: Iterable[Said] | None = None, cell: Cell | None = None) -> Answer:
    return decide(
        question.said if said is None else said,
        question.cell if cell is None else cell,
        question.rules,
        attrs.evolve(question.now, now=question.now.now + 9),  # what a test adds to a ledger is no news from tomorrow
    )


def _state(question: Question, said: Iterable[Said], cell: Cell) -> str:
    return state(said, cell, question.rules, attrs.evolve(question.now, now=question.now.now + 9))


def _is_mandatory(question: Question) -> bool:
    return question.cell.purpose == "breach_notice"


def _noes(said: Iterable[Said], cell: Cell) -> Iterator[Said]:
    return (
        one
        for one in said
        if one.kind in NOES and one.subject == cell.subject and is_about(one, cell, klass_of(RULES, cell.purpose))
    )


@often
def test_neither_the_order_nor_the_number_of_deliveries_matters(run: str, scale: int) -> None:
    """A ledger is a set: who reads it backwards, and some of it twice, finds the same."""

    @settings(max_examples=scale)
    @given(questions(), st.randoms(use_true_random=False))
    def check(question: Question, order: Random) -> None:
        said = [*question.said, *order.choices(question.said, k=3)]
        order.shuffle(said)
        assert _asked(question) == _asked(question, said)
        assert _state(question, question.said, question.cell) == _state(question, said, question.cell)

    check()


@often
def test_a_no_holds_at_once_and_opens_nothing(run: str, scale: int) -> None:
    """What it is about is refused from then on; what it is not about is answered as before."""
    widths = st.tuples(st.booleans(), st.sampled_from(["", "net", "any"]), st.booleans())

    @settings(max_examples=scale)
    @given(questions(), st.sampled_from([*NOES]), widths)
    def check(question: Question, kind: str, width: tuple[bool, str, bool]) -> None:
        cell = question.cell
        channel = {"": cell.channel, "net": cell.channel.partition(":")[0], "any": "*"}[width[1]]
        purpose, endpoint = "*" if width[0] else cell.purpose, "*" if width[2] else cell.endpoint
        said = added(question.said, kind, cell, purpose=purpose, channel=channel, endpoint=endpoint)
        assert _is_mandatory(question) or "DENY" == _asked(question, said).verdict
        for other in (*MANY, cell):
            before, after = _asked(question, cell=other), _asked(question, said, other)
            assert RANKS[after.verdict] <= RANKS[before.verdict]
            if other.subject != cell.subject or not is_about(said[-1], other, klass_of(RULES, other.purpose)):
                assert before == after

    check()


@often
def test_an_import_never_undoes_a_no(run: str, scale: int) -> None:
    """Nor does a late web hook: who asked had seen nothing."""

    @settings(max_examples=scale)
    @given(questions(), st.sampled_from([*NOES]))
    def check(question: Question, kind: str) -> None:
        said = question.said
        if not any(_noes(said, question.cell)):
            said = added(said, kind, question.cell)
        before, after = _asked(question, said), _asked(question, agreed(said, question.cell, seen={}))
        assert (before.verdict, before.by) == (after.verdict, after.by)

    check()


@often
def test_who_asks_again_with_everything_on_record_may_be_told_yes(run: str, scale: int) -> None:
    """Whatever had been said, but for a person erased or restricted."""

    @settings(max_examples=scale)
    @given(questions(calm=True))
    def check(question: Question) -> None:
        said = [one for one in question.said if one.kind not in ("erase", "restrict")]
        channel = question.cell.channel.removesuffix("_auto")
        cell = attrs.evolve(question.cell, channel=channel, purpose=question.cell.purpose.replace("breach", "contract"))
        question = attrs.evolve(question, now=attrs.evolve(question.now, jurisdiction="RU"))
        again = agreed(said, cell)
        answer = _asked(question, again, cell)
        assert ("ALLOW", "granted") == (answer.verdict, answer.reason)
        assert again[-2].id in answer.by

    check()


@often
def test_the_list_and_an_erasure_are_absolute(run: str, scale: int) -> None:
    """No yes, however new, is heard against them."""

    @settings(max_examples=scale)
    @given(questions(calm=True))
    def check(question: Question) -> None:
        listed = attrs.evolve(question.now, suppressed=frozenset({(question.cell.endpoint, "*", "*")}))
        again = agreed(question.said, question.cell)
        refused = "DENY" == _asked(attrs.evolve(question, now=listed), again).verdict
        assert refused is not _is_mandatory(question) or _state(question, again, question.cell) == "ERASED"
        gone = agreed(added(question.said, "erase", question.cell), question.cell)
        assert Answer("DENY", "erased") == _asked(question, gone)

    check()


@often
def test_time_only_tightens(run: str, scale: int) -> None:
    """What is refused now is refused later if nothing more is said; caps and hours apart."""
    later = st.sampled_from([0, 1, 59, 60, 3 * DAY, 7 * DAY - 1, 7 * DAY, 40 * DAY, 90 * DAY])

    @settings(max_examples=scale)
    @given(questions(calm=True), later, later)
    def check(question: Question, one: int, other: int) -> None:
        early, late = sorted((one, other))
        first, second = (
            attrs.evolve(question, now=attrs.evolve(question.now, now=question.now.now + minutes))
            for minutes in (early, late)
        )
        assert RANKS[_asked(second).verdict] <= RANKS[_asked(first).verdict]
        assert _asked(second).by <= _asked(first).by

    check()


@often
def test_a_grant_opens_its_own_cell_and_no_other(run: str, scale: int) -> None:
    """Not another purpose, channel, endpoint or person."""

    @settings(max_examples=scale)
    @given(questions())
    def check(question: Question) -> None:
        again = agreed(question.said, question.cell)
        for other in MANY:
            if other != question.cell:
                assert _asked(question, cell=other) == _asked(question, again, other)
                assert _state(question, question.said, other) == _state(question, again, other)

    check()


@often
def test_a_merge_opens_nothing_that_either_had_refused(run: str, scale: int) -> None:
    """Nor that either was restricted or erased: neither's yes had seen the other's no."""

    @settings(max_examples=scale)
    @given(questions(calm=True, merges=False))
    def check(question: Question) -> None:
        assert not _loosens(question, [attrs.evolve(one, subject="ann") for one in question.said])

    check()


def test_a_merge_that_forgets_who_said_what_opens_what_was_refused() -> None:
    """The reason for `orig`: without it there is a case in which one person's no is lost."""

    def forgets(question: Question) -> bool:
        said = [
            attrs.evolve(one, subject="ann", orig="ann", seen={"ann": max(one.seen.values(), default=0)})
            for one in question.said
        ]
        return _loosens(question, said)

    found = find(questions(calm=True, merges=False), forgets, settings=settings(database=None), random=Random(1))
    assert {"ann", "bob"} & {one.subject for one in found.said}


def _loosens(question: Question, merged: list[Said]) -> bool:
    """Whether the merged one may be contacted where one of those who were merged had said no."""
    for subject in SUBJECTS:
        cell = attrs.evolve(question.cell, subject=subject)
        alone = _asked(question, cell=cell)
        said_no = any(_noes(question.said, cell)) or alone.reason in ("restricted", "erased")
        if said_no and alone.verdict != "ALLOW":
            return _asked(question, merged, attrs.evolve(cell, subject="ann")).verdict == "ALLOW"
    return False


def test_more_than_fifteen_in_a_hundred_questions_are_answered_with_yes() -> None:
    """What is nearly always refused tries no rule: every way to answer is met, a granted contact often."""
    met = Counter[str]()

    @settings(max_examples=1000, derandomize=True, database=None, phases=[Phase.generate])
    @given(questions())
    def count(question: Question) -> None:
        answer = decide(question.said, question.cell, question.rules, question.now)
        met[answer.reason] += 1

    count()
    assert met["granted"] > 150
    assert sum(met[kind] for kind in NOES) > 50
    assert len(met) > 15
