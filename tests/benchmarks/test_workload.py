from __future__ import annotations

import hashlib
from itertools import islice

from peers import workload


def test_the_work_never_changes() -> None:
    """Figures of different days are compared: whoever changes the work begins a new page of them."""
    work = [
        *map(workload.registered, range(200)),
        *islice(workload.touches_in_turn(200), 1_500),
        *map(workload.deal, range(400)),
        *(workload.logged(n, 1_000) for n in range(200)),
        *(workload.wanted(n, 1_000) for n in range(200)),
        *(workload.carded(n, 1_000) for n in range(200)),
        *workload.outcomes(200).items(),
        *workload.purchases(200, 1_000),
    ]
    assert "63a9c58e7e8d2a1f" == hashlib.sha256(repr(work).encode()).hexdigest()[:16]


def test_one_wanted_number_in_ten_is_nobodys() -> None:
    """A store that is fast only at what it has would look too good."""
    wanted = [workload.wanted(n, 1_000) for n in range(2_000)]
    assert 150 < sum(i is None for i, _ in wanted) < 250
    assert all(i is None or workload.phone(i) == number for i, number in wanted)


def test_the_base_has_ten_touchpoints_a_client_and_a_fiftieth_complaints() -> None:
    """Few clients have long histories, as it is in life: a mean alone would make every card alike."""
    touches = list(workload.touches_in_turn(1_000))
    complaints = sum(touch.kind == "complaint" for _, touch in touches)
    assert 10_100 == len(touches)
    assert 0.015 < complaints / len(touches) < 0.025


def test_cards_take_turns_among_long_and_short_histories() -> None:
    """A third each, so that the median is that of a middling client and the tail is seen."""
    assert [200, 40, 5] * 20 == [workload.touches(workload.carded(n, 10_000)) for n in range(60)]
