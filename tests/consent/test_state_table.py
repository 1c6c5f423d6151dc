"""The state a cell goes to, from every state and by everything that can be said or happen."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from basis_matrix import DAY, RULES
from decision_cases import CELL, LISTED, MAIL, NOTHING, ROBOT
from histories import added, agreed
from oracle import Cell, Circumstances, Said, state

Ledger = tuple[Said, ...]

#: Read like the design's: from the state in the first column, by what stands above. `grant` is one on a channel without
#: confirmations, `doubly` one that must be confirmed, `import` a grant whose asker saw nothing, `end` half a year.
TABLE = """
from        request     grant    doubly  import      confirm     refuse  withdraw  object   complaint suppress  invalidate  unsuppress  end
NONE        REQUESTED   GRANTED  PENDING GRANTED     NONE        REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED NONE       NONE
REQUESTED   REQUESTED   GRANTED  PENDING GRANTED     REQUESTED   REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED REQUESTED  REQUESTED
PENDING     PENDING     -        PENDING -           GRANTED     REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED PENDING    EXPIRED
GRANTED     GRANTED     GRANTED  GRANTED GRANTED     GRANTED     REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED GRANTED    EXPIRED
REFUSED     REFUSED     GRANTED  PENDING REFUSED     REFUSED     REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED REFUSED    REFUSED
WITHDRAWN   WITHDRAWN   GRANTED  PENDING WITHDRAWN   WITHDRAWN   REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED WITHDRAWN  WITHDRAWN
OBJECTED    OBJECTED    GRANTED  PENDING OBJECTED    OBJECTED    REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED OBJECTED   OBJECTED
COMPLAINT   COMPLAINT   GRANTED  PENDING COMPLAINT   COMPLAINT   REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED COMPLAINT  COMPLAINT
INVALIDATED INVALIDATED GRANTED  PENDING INVALIDATED INVALIDATED REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED INVALIDATED INVALIDATED
SUPPRESSED  SUPPRESSED  GRANTED  PENDING SUPPRESSED  SUPPRESSED  REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED NONE       SUPPRESSED
EXPIRED     REQUESTED   GRANTED  PENDING GRANTED     EXPIRED     REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED EXPIRED    EXPIRED
EVIDENCE_INCOMPLETE REQUESTED GRANTED PENDING GRANTED EVIDENCE_INCOMPLETE REFUSED WITHDRAWN OBJECTED COMPLAINT SUPPRESSED INVALIDATED EVIDENCE_INCOMPLETE EVIDENCE_INCOMPLETE
"""
HEAD, *LINES = [line.split() for line in TABLE.strip().splitlines()]
STEPS = [(line[0], by, to) for line in LINES for by, to in zip(HEAD[1:], line[1:], strict=True) if to != "-"]
NOES = {
    "REFUSED": "refuse",
    "WITHDRAWN": "withdraw",
    "OBJECTED": "object",
    "COMPLAINT": "complaint",
    "INVALIDATED": "invalidate",
    "SUPPRESSED": "suppress",
}
START: dict[str, Callable[[Cell], Ledger]] = {
    "NONE": lambda _: NOTHING,
    "REQUESTED": lambda cell: added(NOTHING, "request", cell),
    "PENDING": lambda cell: added(NOTHING, "grant", cell),
    "GRANTED": lambda cell: agreed(NOTHING, cell, until=100 * DAY),
    "EXPIRED": lambda cell: agreed(NOTHING, cell, until=1, at=0),
    "EVIDENCE_INCOMPLETE": lambda cell: added(NOTHING, "grant", cell, complete=False),
}


def _begun(name: str, cell: Cell) -> Ledger:
    return added(agreed(NOTHING, cell), NOES[name], cell) if name in NOES else START[name](cell)


def _go_on(said: Ledger, by: str, cell: Cell) -> Ledger:
    if by == "end":
        return said
    if by == "confirm":
        return added(said, by, cell, ref=next((one.id for one in said if one.kind == "grant"), ""))
    kind = {"doubly": "grant", "import": "grant"}.get(by, by)
    return added(said, kind, cell, **({"seen": {}} if by == "import" else {}))


def _state(said: Ledger, cell: Cell, now: int = DAY) -> str:
    return state(said, cell, RULES, Circumstances(now))


@pytest.mark.parametrize(("start", "by", "to"), STEPS)
def test_a_cell_goes_where_the_table_says(start: str, by: str, to: str) -> None:
    """One test a field of the state table."""
    cell = CELL if by in ("grant", "import") else MAIL
    said = _begun(start, cell)
    assert start == _state(said, cell)
    assert to == _state(_go_on(said, by, cell), cell, 180 * DAY if by == "end" else DAY)


@pytest.mark.parametrize("start", [line[0] for line in LINES])
def test_nothing_that_is_said_leads_out_of_what_holds_for_the_person_or_the_list(start: str) -> None:
    """Erased wins over restricted, that over the list, that over the cell."""
    said = _begun(start, MAIL)
    held = added(said, "restrict", MAIL)
    gone = added(held, "erase", MAIL)
    for by in HEAD[1:]:
        after = {name: _go_on(ledger, by, MAIL) for name, ledger in {"": said, "held": held, "gone": gone}.items()}
        assert "SUPPRESSED" == state(after[""], MAIL, RULES, LISTED)
        assert "RESTRICTED" == state(after["held"], MAIL, RULES, LISTED)
        assert "ERASED" == state(after["gone"], MAIL, RULES, LISTED)
    assert start == _state(added(held, "lift_restriction", MAIL), MAIL)


def test_a_confirmation_is_void_once_a_newer_grant_was_recorded() -> None:
    """The newer one waits for its own, and one that is confirmed stays so whatever comes after."""
    first = added(NOTHING, "grant", MAIL)
    second = added(first, "grant", MAIL)
    assert "PENDING" == _state(added(second, "confirm", MAIL, ref=first[0].id), MAIL)
    assert "GRANTED" == _state(added(second, "confirm", MAIL, ref=second[1].id), MAIL)
    assert "GRANTED" == _state(added(agreed(NOTHING, MAIL), "grant", MAIL), MAIL)
    other = added(first, "grant", MAIL, basis="soft_opt_in", until=0)
    assert "GRANTED" == _state(added(other, "confirm", MAIL, ref=first[0].id), MAIL)


@pytest.mark.parametrize("until", [None, 5])
def test_a_newer_grant_that_stands_no_chance_ends_the_wait_for_the_older_too(until: int | None) -> None:
    """What is left is the no, whether or not the older one would have come to an end by now."""
    refused = added(added(NOTHING, "refuse", MAIL), "grant", MAIL, until=until)
    imported = added(refused, "grant", MAIL, seen={})
    assert "REFUSED" == _state(added(imported, "confirm", MAIL, ref=refused[1].id), MAIL)


@pytest.mark.parametrize(
    ("scope", "to"),
    [
        ({}, "WITHDRAWN"),
        ({"purpose": "*"}, "WITHDRAWN"),
        ({"channel": "messenger"}, "WITHDRAWN"),
        ({"channel": "*"}, "WITHDRAWN"),
        ({"endpoint": "*"}, "WITHDRAWN"),
        ({"purpose": "*", "channel": "*", "endpoint": "*"}, "WITHDRAWN"),
        ({"purpose": "service", "channel": "*"}, "GRANTED"),
        ({"purpose": "*", "channel": "messenger:max"}, "GRANTED"),
        ({"channel": "messenger:tele"}, "GRANTED"),
        ({"channel": "mess"}, "GRANTED"),
        ({"purpose": "*", "endpoint": "two"}, "GRANTED"),
    ],
)
def test_a_no_closes_what_it_is_about(scope: dict[str, str], to: str) -> None:
    """Every purpose, channel or endpoint if it says so, every network of a messenger, and nothing beside it."""
    telegram = attrs.evolve(CELL, channel="messenger:telegram")
    said = added(NOTHING, "grant", telegram)
    assert to == _state(added(said, "withdraw", telegram, **scope), telegram)
    assert "GRANTED" == _state(added(added(NOTHING, "grant", ROBOT), "withdraw", CELL), ROBOT)


@pytest.mark.parametrize(("late", "to"), [(7 * DAY - 1, "GRANTED"), (7 * DAY, "EXPIRED")])
def test_a_confirmation_counts_within_seven_days(late: int, to: str) -> None:
    """Neither early nor late; without one the grant is pending for as long."""
    asked = added(NOTHING, "grant", MAIL, at=10)
    assert to == _state(added(asked, "confirm", MAIL, ref=asked[0].id, at=10 + late), MAIL, 90 * DAY)
    assert ("PENDING" if to == "GRANTED" else to) == _state(asked, MAIL, 10 + late)
    early = attrs.evolve(asked[0], id="early", kind="confirm", ref=asked[0].id, seq=0)
    assert "PENDING" == _state((*asked, early), MAIL)


def test_only_a_consent_needs_evidence_and_a_confirmation() -> None:
    """A contract is proven elsewhere."""
    contract = added(NOTHING, "grant", MAIL, basis="contract", complete=False, standalone=False)
    assert "GRANTED" == _state(contract, MAIL)
    assert "GRANTED" == _state(added(added(NOTHING, "grant", MAIL), "grant", MAIL, basis="contract"), MAIL)


def test_a_request_counts_from_the_moment_the_last_grant_came_to_an_end() -> None:
    """Who was asked while a grant was in force, or waited for, has not been asked again."""
    granted = added(NOTHING, "grant", CELL, at=1, until=DAY)
    unconfirmed = added(NOTHING, "grant", MAIL, at=1, until=90 * DAY)
    for said, cell, end in ((granted, CELL, DAY), (unconfirmed, MAIL, 1 + 7 * DAY)):
        assert "EXPIRED" == _state(added(said, "request", cell, at=end - 1), cell, 80 * DAY)
        assert "REQUESTED" == _state(added(said, "request", cell, at=end), cell, 80 * DAY)
        assert "REQUESTED" == _state(added(said, "request", cell, at=end), cell, 100 * DAY)


def test_a_request_counts_for_its_own_cell_and_after_a_confirmed_grant_has_ended() -> None:
    """A week is what a confirmation is waited for; one that came leaves the grant its own end."""
    assert "NONE" == _state(added(NOTHING, "request", CELL), MAIL)
    confirmed = agreed(NOTHING, MAIL, until=30 * DAY)
    assert "EXPIRED" == _state(added(confirmed, "request", MAIL, at=20 * DAY), MAIL, 80 * DAY)
    assert "REQUESTED" == _state(added(confirmed, "request", MAIL, at=30 * DAY), MAIL, 80 * DAY)


def test_a_suppression_is_taken_back_by_what_was_recorded_after_it_or_had_seen_it() -> None:
    """For the same scope only; and no grant from before lives again."""
    said = added(agreed(NOTHING, MAIL), "suppress", MAIL)
    assert "SUPPRESSED" == _state(added(said, "unsuppress", MAIL, purpose="*"), MAIL)
    before = attrs.evolve(said[-1], id="back", kind="unsuppress", seq=0, at=9)
    assert "SUPPRESSED" == _state((*said, before), MAIL)
    elsewhere = attrs.evolve(before, orig="bob", seq=9)
    assert "SUPPRESSED" == _state((*said, elsewhere), MAIL)
    assert "NONE" == _state((*said, attrs.evolve(elsewhere, seen={"ann": said[-1].seq})), MAIL)
    back = added(said, "unsuppress", MAIL)
    assert "NONE" == _state(back, MAIL) == _state(added(said, "unsuppress", MAIL, seen={}), MAIL)
    assert "WITHDRAWN" == _state(added(back, "withdraw", MAIL), MAIL)
    assert "SUPPRESSED" == _state(added(back, "suppress", MAIL), MAIL)
    assert "GRANTED" == _state(agreed(back, MAIL), MAIL)


def test_a_restriction_of_one_who_was_merged_is_lifted_by_who_had_seen_it() -> None:
    """What somebody else's lifting had been about was theirs."""
    held = added(NOTHING, "restrict", MAIL)
    assert "NONE" == _state(added(held, "lift_restriction", MAIL, seen={}), MAIL)
    lift = Said("lift", "ann", "bob", 7, "lift_restriction", at=9)
    assert "RESTRICTED" == _state((*held, lift), MAIL)
    assert "NONE" == _state((*held, attrs.evolve(lift, seen={"ann": 1})), MAIL)
