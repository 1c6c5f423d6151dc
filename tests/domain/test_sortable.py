from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, strategies as st

from crmkit.domain.sortable import LONGEST, sortable
from crmkit.testing.strategies import instants, text, whole

#: Numbers close to each other and far apart, with noughts at both ends.
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=4) | st.builds(
    Decimal.scaleb, st.integers(-(10**12), 10**12).map(Decimal), st.integers(-400, 400).map(Decimal)
)
SORTED: dict[str, st.SearchStrategy[Any]] = {
    "text": text,
    "int": whole,
    "bool": st.booleans(),
    "decimal": decimals,
    "instant": instants,
    "date": st.dates(),
    "id": st.uuids(),
}


def _sign(one: Any, other: Any) -> int:
    return int(one > other) - int(one < other)


@pytest.mark.parametrize("kind", SORTED)
@given(data=st.data())
def test_texts_are_ordered_as_their_values(kind: str, data: st.DataObject) -> None:
    """Letter by letter, as every database compares them; equal ones have one text, and None comes before all."""
    one, other = data.draw(SORTED[kind]), data.draw(SORTED[kind])
    assert _sign(one, other) == _sign(sortable(one), sortable(other))
    assert sortable(None) < sortable(one)


@given(st.lists(st.integers(-2000, 2000).map(lambda cents: Decimal(cents) / 100), min_size=2))
@example([Decimal("-1.2"), Decimal("-1.23"), Decimal(0), Decimal("1.23"), Decimal("1.2")])
def test_numbers_that_begin_alike_are_told_apart(numbers: list[Decimal]) -> None:
    """A shorter one is smaller above zero and greater below it."""
    assert sorted(numbers) == sorted(numbers, key=sortable)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal("1.0"), Decimal("1.000")),
        (Decimal("-0.00"), Decimal(0)),
        (Decimal("1E+2"), Decimal(100)),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=3)))),
    ],
)
def test_what_is_equal_has_one_text(one: Any, other: Any) -> None:
    """However it was written."""
    assert sortable(one) == sortable(other)


def test_a_member_stands_where_its_value_does() -> None:
    """Whatever its name is."""

    class Size(IntEnum):
        SMALL = 2
        LARGE = 10

    class Tier(Enum):
        ZINC = "a"
        ARGENT = "b"

    assert sortable(Size.SMALL) < sortable(Size.LARGE)
    assert sortable(Tier.ZINC) < sortable(Tier.ARGENT)


@pytest.mark.parametrize(
    "value",
    [
        "x" * (LONGEST + 1), 2**63, -(2**63) - 1, Decimal("NaN"), Decimal("Infinity"), Decimal("1" * 99),
        Decimal("1E+6000"), Decimal("1E-6000"), datetime(2026, 1, 1), ("a",), 1.5,
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=3))),
    ],
    ids=str,
)  # fmt: skip
def test_what_has_no_place_is_refused(value: object) -> None:
    """Cut short or guessed, it would stand among strangers."""
    with pytest.raises(ValueError, match="no short text"):
        sortable(value)


def test_the_longest_text_there_is_is_taken() -> None:
    """And so are the first and the last of everything else."""
    for value in (
        "🙂" * LONGEST,
        2**63 - 1,
        -(2**63),
        date.max,
        date.min,
        datetime.max.replace(tzinfo=UTC),
        UUID(int=0),
    ):
        assert len(sortable(value)) <= LONGEST + 1
