"""Ledgers as Hypothesis draws them, with a question about each: what may be said, in any order, by several people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, TypeVar

import attrs
from basis_matrix import CAPPED, CHANNELS, DAY, JURISDICTIONS, PURPOSES, RULES
from hearing import EVERY, NOES
from hypothesis import strategies as st
from oracle import Cell, Circumstances, Rules, Said, bases

#: Others may be merged into the first.
SUBJECTS = ("ann", "bob", "cid")
ENDPOINTS = ("one", "two")
MUST = "breach_notice"
BASES = ("consent", "contract", "legitimate_interest", "soft_opt_in", "notice_opt_out", "legal_obligation")
T = TypeVar("T")


@attrs.frozen
class Question:
    """A ledger, the cell that is asked about, the rules and the circumstances."""

    said: tuple[Said, ...]
    cell: Cell
    rules: Rules
    now: Circumstances


@attrs.frozen
class Draft:
    """
    A line as it is drawn, before it has a place in a ledger.

    A `near` one is about the cell that will be asked about, or, being a no, about it and as much more as `width` says.
    """

    kind: str
    who: str
    near: bool
    scope: tuple[str, str, str]
    width: tuple[bool, bool, bool]
    saw: str
    basis: str
    proof: tuple[bool, bool, bool]
    lasts: int | None
    gap: int
    confirmed: bool


def _often(chance: Random, *weighted: tuple[T, int]) -> T:
    return chance.choices([one for one, _ in weighted], [weight for _, weight in weighted])[0]


def _draft(chance: Random) -> Draft:
    kinds = [("grant", 12), ("confirm", 3), ("request", 2), ("restrict", 1), ("lift_restriction", 3), ("unsuppress", 2)]
    rarely, mostly = (4, 1), (12, 1)
    wide = [_often(chance, *zip((False, True), rarely, strict=True)) for _ in range(3)]
    proof = [_often(chance, *zip((True, False), mostly, strict=True)) for _ in range(3)]
    return Draft(
        kind=_often(chance, *kinds, *[(no, 2) for no in NOES]) if chance.random() < 0.99 else "erase",
        who=_often(chance, *zip(SUBJECTS, (7, 2, 1), strict=True)),
        near=chance.random() < 0.8,
        scope=(chance.choice([*PURPOSES]), chance.choice(CHANNELS), chance.choice(ENDPOINTS)),
        width=(wide[0], wide[1], wide[2]),
        saw=_often(chance, ("all", 8), ("own", 1), ("less", 1), ("nothing", 1)),
        basis=_often(chance, ("fit", 16), *[(basis, 1) for basis in BASES]),
        proof=(proof[0], proof[1], proof[2]),
        lasts=_often(chance, (None, 6), (60, 1), (3 * DAY, 1), (40 * DAY, 1)),
        gap=_often(chance, (0, 1), (1, 3), (60, 2), (2 * DAY, 1), (7 * DAY - 1, 1), (7 * DAY, 1)),
        confirmed=chance.random() < 0.6,
    )


def _question(chance: Random) -> tuple[Cell, str]:
    cell = Cell(
        _often(chance, *zip(SUBJECTS, (8, 1, 1), strict=True)),
        _often(chance, ("marketing", 4), ("service", 4), ("wine", 2), ("visits", 2), ("profiling", 1), (MUST, 1)),
        _often(chance, ("email", 4), ("voice", 3), ("messenger:telegram", 2), ("sms", 2), ("voice_auto", 1)),
        chance.choice(ENDPOINTS),
    )
    return cell, _often(chance, *zip(JURISDICTIONS, (5, 3, 1, 1), strict=True))


def _hardship(chance: Random) -> Circumstances:
    """Circumstances in which a thing or two may stand in the way; `now` and what was sent are as if it were day 50."""
    lists = [
        (chance.choice(ENDPOINTS), chance.choice([EVERY, "email", "messenger"]), chance.choice([EVERY, "marketing"]))
        for _ in range(_often(chance, (0, 8), (1, 1), (2, 1)))
    ]
    sent = [
        (50 * DAY - chance.randrange(40 * DAY) // chance.choice([1, 20]), chance.choice(CHANNELS)) for _ in range(5)
    ]
    return Circumstances(
        50 * DAY,
        _often(chance, ("RU", 40), ("mars", 1)),
        _often(chance, (True, 40), (False, 1)),
        frozenset(lists),
        frozenset(_often(chance, ((), 12), (ENDPOINTS[:1], 1))),
        tuple(sent[: chance.randrange(6)]),
        _often(chance, ((True, None), 8), ((False, 600), 1)),
        _often(chance, (30, 6), (18, 1), (17, 1), (None, 1)),
    )


def _oddness(one: Draft | Circumstances) -> int:
    """How far it is from a plain consent, or from nothing in the way: examples shrink to what is not odd."""
    if isinstance(one, Draft):
        odd = [one.kind != "grant", not one.near, one.saw != "all", one.basis != "fit", one.lasts]
        return sum(map(bool, odd)) + SUBJECTS.index(one.who)
    hard: list[object] = [one.suppressed, one.dead, one.sent, not one.awake[0], one.age != 30, not one.endpoint_known]
    return sum(map(bool, hard))


def _pool(make: Callable[[Random], T], number: int) -> list[T]:
    """Many to choose one from: drawn by Hypothesis field by field, a ledger would take some twenty milliseconds."""
    chance = Random(make.__name__)
    return [make(chance) for _ in range(number)]


_drafts = st.lists(st.sampled_from(sorted(_pool(_draft, 4000), key=_oddness)), min_size=1, max_size=12)
_cells = st.sampled_from(_pool(_question, 500))
_hardships = st.sampled_from(sorted(_pool(_hardship, 1000), key=_oddness))
_merges = st.sampled_from(
    [dict[str, int](), *[{who: after} for who in ("bob", "cid") for after in (1, 3, 6)], {"bob": 2, "cid": 4}]
)
_rules = st.sampled_from([RULES, CAPPED])
#: A cell that the rules do not know is asked about now and then, too.
_strange = st.sampled_from([dict[str, str]()] * 60 + [{"purpose": "gossip"}, {"channel": "telepathy"}])
_later = st.sampled_from([0, 0, 1, 60, 60, 2 * DAY, 8 * DAY, 50 * DAY])


@st.composite
def questions(draw: st.DrawFn, *, calm: bool = False, merges: bool = True) -> Question:
    """
    Anything that may have been said, and a question about it; more than 15 in 100 are answered ALLOW.

    With *calm*, nothing but the ledger can refuse: no list, no cap, no hour, an age that will do. Without *merges*
    every line is still of the subject it was said by.
    """
    cell, where = draw(_cells)
    said = ledger(draw(_drafts), cell, where, draw(_merges) if merges else {})
    now = said[-1].at + draw(_later)
    if calm:
        return Question(said, cell, RULES, Circumstances(now, where, age=30))
    hard = draw(_hardships)
    sent = tuple([(now + at - hard.now, channel) for at, channel in hard.sent])
    where = where if hard.jurisdiction == "RU" else hard.jurisdiction
    cell = attrs.evolve(cell, **draw(_strange))
    awake, until = hard.awake
    hours = awake, None if until is None else now + until
    return Question(said, cell, draw(_rules), attrs.evolve(hard, now=now, jurisdiction=where, sent=sent, awake=hours))


def ledger(drafts: Iterable[Draft], cell: Cell, jurisdiction: str, merges: dict[str, int]) -> tuple[Said, ...]:
    """
    Give everything its place: each subject counts for itself.

    *merges* says after how many lines a subject is merged into the first; its lines are the other's from then on.
    """
    made, at = list[Said](), 0
    for number, draft in enumerate(drafts):
        at += draft.gap
        gone = {one for one, after in merges.items() if after <= number}
        who = SUBJECTS[0] if draft.who in gone else draft.who
        known = heads([one for one in made if one.orig == who or (who == SUBJECTS[0] and one.orig in gone)])
        one = _placed(f"e{number}", draft, who, heads(made).get(who, 0) + 1, at, cell, jurisdiction)
        one = attrs.evolve(one, seen=_seen(draft.saw, who, known), ref=_confirmed(draft, made, {who, *known}))
        made.append(one)
        if one.kind == "grant" and draft.confirmed:
            made.append(Said(f"c{number}", who, who, one.seq + 1, "confirm", *one.scope, at=at, ref=one.id))
    return tuple([attrs.evolve(one, subject=SUBJECTS[0] if one.orig in merges else one.orig) for one in made])


def heads(said: Iterable[Said]) -> dict[str, int]:
    """The highest seq of each subject."""
    found = dict[str, int]()
    for one in said:
        found[one.orig] = max(one.seq, found.get(one.orig, 0))
    return found


def added(said: Sequence[Said], kind: str, cell: Cell, **how: Any) -> tuple[Said, ...]:
    """The ledger with one more line at its end, about the cell unless told otherwise; who asked has seen everything."""
    seq, at = heads(said).get(cell.subject, 0) + 1, max([one.at for one in said], default=0) + 1
    about = {"purpose": cell.purpose, "channel": cell.channel, "endpoint": cell.endpoint}
    given: dict[str, Any] = {**about, "seen": heads(said), "at": at, **how}
    return (*said, Said(f"new{len(said)}", cell.subject, cell.subject, seq, kind, **given))


def agreed(said: Sequence[Said], cell: Cell, **how: Any) -> tuple[Said, ...]:
    """The ledger with a consent at its end, and its confirmation."""
    given = added(said, "grant", cell, **how)
    return added(given, "confirm", cell, ref=given[-1].id)


def _placed(id: str, draft: Draft, who: str, seq: int, at: int, cell: Cell, jurisdiction: str) -> Said:
    purpose, channel, endpoint = cell.scope if draft.near else draft.scope
    permitted = sorted(bases(RULES, PURPOSES[purpose].klass, channel, jurisdiction)) or ["consent"]
    basis = permitted[seq % len(permitted)] if draft.basis == "fit" else draft.basis
    if draft.kind in NOES or draft.kind == "unsuppress":
        wide_purpose, wide_channel, wide_endpoint = draft.width
        purpose, endpoint = EVERY if wide_purpose else purpose, EVERY if wide_endpoint else endpoint
        channel = channel.partition(":")[0] if wide_channel and ":" in channel and at % 2 else channel
        channel = EVERY if wide_channel and ":" not in channel and channel != "messenger" else channel
    complete, standalone, balanced = draft.proof
    until = None if draft.lasts is None else at + draft.lasts
    return Said(
        id, who, who, seq, draft.kind, purpose, channel, endpoint, {}, basis, complete, standalone, balanced, until, at
    )


def _seen(saw: str, who: str, known: dict[str, int]) -> dict[str, int]:
    return {
        "all": known,
        "own": {one: seq for one, seq in known.items() if one == who},
        "less": {one: max(0, seq - 1) for one, seq in known.items()},
        "nothing": {},
    }[saw]


def _confirmed(draft: Draft, made: list[Said], whose: set[str]) -> str:
    """Which grant a confirmation is about: the last but one now and then."""
    grants = [one.id for one in made if one.kind == "grant" and one.orig in whose]
    if draft.kind != "confirm" or not grants:
        return ""
    return grants[-2] if len(grants) > 1 and draft.lasts is not None else grants[-1]
