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
    together: bool = False


said = st.builds(
    Said,
    st.booleans(),
    st.sampled_from(["marketing", "service", "*"]),
    st.sampled_from(["email", "sms", "*"]),
    st.sampled_from(["consent", "contract"]),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 5),
    st.sampled_from([ANNA, ANNA, ANNA, BOB]),
    st.booleans(),
)


def ledger(history: list[Said]) -> list[Consent]:
    """The ledger of one client, into whom another was merged: each subject counts for itself, or has seen both."""
    heads, made = {ANNA: 0, BOB: 0}, list[Consent]()
    for number, one in enumerate(history):
        head = heads[one.by]
        known = dict(heads) if one.together else {one.by: head}
        heads[one.by] = head + 1
        saw: Any = {} if one.lag is None else {str(by): max(0, last - one.lag) for by, last in known.items()}
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
            meant = no.kind == "withdraw" and no.purpose in ("*", purpose) and no.channel in ("*", channel)
            if meant and dict(yes.seen).get(str(no.orig_subject), -1) < no.seq:
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


@settings(max_examples=500)
@given(st.lists(said, min_size=1, max_size=7), cells)
def test_no_yes_from_before_a_merge_beats_the_others_no(history: list[Said], cell: tuple[str, str, int]) -> None:
    """Until then each was put to one of them alone, who cannot have known what the other refuses."""
    apart = [attrs.evolve(one, together=False) for one in history]
    purpose, channel, hour = cell
    now = START + timedelta(hours=hour)
    made = ledger(apart)
    decision = decide(made, purpose=purpose, channel=channel, now=now, policy=FIRST_POLICY)
    said_no = {
        one.orig_subject
        for one in made
        if one.kind == "withdraw" and one.purpose in ("*", purpose) and one.channel in ("*", channel)
    }
    by = {one.id: one.orig_subject for one in made}
    assert not decision.allowed or all(said_no <= {by[id]} for id in decision.evidence)
    after = [*made, *_yes_to_both(made, purpose, channel)]
    assert decide(after, purpose=purpose, channel=channel, now=now, policy=FIRST_POLICY).allowed


def _yes_to_both(made: list[Consent], purpose: str, channel: str) -> list[Consent]:
    """A yes that was given when all of that was on record."""
    heads = {
        one.orig_subject: max(other.seq for other in made if other.orig_subject == one.orig_subject) for one in made
    }
    saw = FrozenMap({str(subject): head for subject, head in heads.items()})
    told: Any = {"kind": "grant", "purpose": purpose, "channel": channel, "basis": "consent", "valid_until": None}
    return [attrs.evolve(made[0], id=ConsentId(UUID(int=999)), orig_subject=ClientId(ANNA), seq=99, seen=saw, **told)]
