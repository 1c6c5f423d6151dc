"""Consent against a second, independent writing of its rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import attrs
from hypothesis import given, settings, strategies as st

from crmkit.domain.consent import FIRST_POLICY, Basis, Consent, Evidence, decide
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId, ConsentId
from crmkit.domain.source import FROM_CODE

START = datetime(2026, 1, 1, tzinfo=UTC)
ANNA, BOB = UUID(int=1), UUID(int=2)


@attrs.frozen
class Said:
    """One thing said, as drawn."""

    grant: bool
    purpose: str
    channel: str
    basis: str
    lag: int | None
    hours: int | None
    by: UUID


said = st.builds(
    Said,
    st.booleans(),
    st.sampled_from(["marketing", "service", "*"]),
    st.sampled_from(["email", "sms", "*"]),
    st.sampled_from(["consent", "contract"]),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 5),
    st.sampled_from([ANNA, ANNA, ANNA, BOB]),
)


def ledger(history: list[Said]) -> list[Consent]:
    """The ledger of one client, into whom another was merged: each subject counts for itself."""
    heads, made = {ANNA: 0, BOB: 0}, list[Consent]()
    for number, one in enumerate(history):
        head = heads[one.by]
        heads[one.by] = head + 1
        saw: Any = {} if one.lag is None else {str(one.by): max(0, head - one.lag)}
        until = None if one.hours is None else START + timedelta(hours=one.hours)
        made.append(
            Consent(
                ConsentId(UUID(int=100 + number)),
                ClientId(ANNA),
                ClientId(one.by),
                head + 1,
                FrozenMap(saw),
                "grant" if one.grant else "withdraw",
                one.purpose,
                one.channel,
                cast("Basis", one.basis),
                Evidence(),
                until,
                START,
                None,
                FROM_CODE,
            )
        )
    return made


def reference(made: list[Consent], purpose: str, channel: str, hour: int) -> bool:
    """The rules once more, spelled out cell by cell."""
    permitted = {"marketing": {"consent"}, "service": {"consent", "contract", "legitimate_interest"}}[purpose]
    for yes in made:
        if yes.kind != "grant" or yes.purpose != purpose or yes.channel != channel or yes.basis not in permitted:
            continue
        if yes.valid_until is not None and START + timedelta(hours=hour) >= yes.valid_until:
            continue
        undone = False
        for no in made:
            if no.kind == "withdraw" and no.purpose in ("*", purpose) and no.channel in ("*", channel):
                seen = dict(yes.seen).get(str(yes.orig_subject), -1)
                if no.orig_subject != yes.orig_subject or seen < no.seq:
                    undone = True
        if not undone:
            return True
    return False


cells = st.tuples(st.sampled_from(["marketing", "service"]), st.sampled_from(["email", "sms"]), st.integers(0, 5))


@settings(max_examples=1500)
@given(st.lists(said, max_size=7), cells, st.randoms(use_true_random=False))
def test_a_decision_is_the_references_whatever_order_things_arrive_in(
    history: list[Said], cell: tuple[str, str, int], order: Any
) -> None:
    """Precedence has no clock: shuffled and doubled deliveries decide alike."""
    made = ledger(history)
    purpose, channel, hour = cell
    now = START + timedelta(hours=hour)
    decision = decide(made, purpose=purpose, channel=channel, now=now, policy=FIRST_POLICY)
    assert reference(made, purpose, channel, hour) == decision.allowed
    shuffled = [*made, *made]
    order.shuffle(shuffled)
    assert decision == decide(shuffled, purpose=purpose, channel=channel, now=now, policy=FIRST_POLICY)


@settings(max_examples=500)
@given(st.lists(said, max_size=7), cells, said)
def test_a_no_never_opens_a_cell_and_closes_its_own_at_once(
    history: list[Said], cell: tuple[str, str, int], last: Said
) -> None:
    """Whatever was said before."""
    purpose, channel, hour = cell
    now = START + timedelta(hours=hour)

    def allowed(things: list[Said]) -> bool:
        return decide(ledger(things), purpose=purpose, channel=channel, now=now, policy=FIRST_POLICY).allowed

    after = [*history, attrs.evolve(last, grant=False)]
    assert allowed(history) or not allowed(after)
    if last.purpose in ("*", purpose) and last.channel in ("*", channel):
        assert not allowed(after)


@settings(max_examples=500)
@given(st.lists(said, max_size=7), cells)
def test_time_only_tightens(history: list[Said], cell: tuple[str, str, int]) -> None:
    """What is refused now is refused later, if nothing more is said."""
    purpose, channel, hour = cell
    made = ledger(history)
    hours = [
        decide(made, purpose=purpose, channel=channel, now=START + timedelta(hours=at), policy=FIRST_POLICY).allowed
        for at in (hour, hour + 1, hour + 100)
    ]
    assert sorted(hours, reverse=True) == hours
