from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, strategies as st

from crmkit import Field, Money
from crmkit.domain.custom import NO_CUSTOM
from crmkit.domain.where import from_json, holds, to_json
from crmkit.errors import Invalid

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x1f"), min_size=1, max_size=50)
VALUES: dict[type[Any], st.SearchStrategy[Any]] = {
    str: texts,
    int: st.integers(-(2**63) + 1, 2**63 - 1),
    bool: st.booleans(),
    Decimal: st.integers(-(10**18) + 1, 10**18 - 1).map(lambda units: Decimal(units).scaleb(-4)),
    date: st.dates(),
    datetime: st.datetimes().map(lambda at: at.replace(tzinfo=UTC)),
    Money: st.integers(-(10**18) + 1, 10**18 - 1).map(lambda units: Money.of_units(units, "EUR")),
    UUID: st.builds(uuid4),
    frozenset: st.frozensets(texts, max_size=5),
}


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_value_of_every_type_comes_back(kind: type[Any], data: st.DataObject) -> None:
    """What is given is what is read; None clears."""
    field: Field[Any] = Field("client", "x", kind)
    value = data.draw(VALUES[kind])
    custom = NO_CUSTOM.with_given([field.to(value)])
    assert value == custom[field]
    assert type(value) is type(custom[field])
    assert custom.with_given([field.to(None)])[field] is None


@pytest.mark.parametrize("kind", [int, Decimal, date, datetime], ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_stored_values_are_ordered_as_the_values_are(kind: type[Any], data: st.DataObject) -> None:
    """So that every storage can compare what it keeps."""
    field: Field[Any] = Field("client", "x", kind)
    one, other = data.draw(VALUES[kind]), data.draw(VALUES[kind])

    class Record:
        custom = NO_CUSTOM.with_given([field.to(one)])

    assert [one < other, one <= other, one > other, one >= other, one == other] == [
        holds(from_json(to_json(where)), Record())
        for where in (field.lt(other), field.le(other), field.gt(other), field.ge(other), field.eq(other))
    ]


@pytest.mark.parametrize(
    ("kind", "value"),
    [(str, 1), (str, ""), (str, "\x00"), (str, "\ud800"), (str, "x" * 2001), (int, True), (int, 2**63), (int, "1"),
     (bool, 1), (Decimal, Decimal("0.00001")), (Decimal, Decimal("NaN")), (Decimal, 1.5), (date, datetime(2026, 1, 1)),
     (datetime, datetime(2026, 1, 1)), (Money, 1), (UUID, "x"), (frozenset, {"a"}), (frozenset, frozenset({""})),
     (frozenset, frozenset({1}))],
)  # fmt: skip
def test_a_value_of_another_type_is_invalid(kind: type[Any], value: Any) -> None:
    """Nothing is converted behind the caller's back."""
    with pytest.raises(Invalid, match=r"custom\.x"):
        Field("client", "x", kind).to(value)


def test_choices_limit_what_may_be_given() -> None:
    """And such a text is no free text, so no personal one unless told."""
    size = Field("client", "size", str, choices=("S", "M"))
    assert not size.pii
    assert Field("client", "card", str).pii
    assert not Field("client", "level", int).pii
    size.to("S")
    with pytest.raises(Invalid, match="choices"):
        size.to("L")


@pytest.mark.parametrize(
    "wrong", [("note", "x", str), ("client", "a b", str), ("client", "ключ", str), ("client", "x", list)]
)
def test_a_field_is_defined_for_clients_or_deals_with_a_plain_key(wrong: tuple[Any, ...]) -> None:
    """Anything else is refused where it is defined."""
    with pytest.raises(Invalid):
        Field(*wrong)


def test_a_key_is_as_long_as_a_column_and_a_field_as_personal_as_told() -> None:
    """Free text is somebody's unless told, choices and numbers are nobody's."""
    assert "k" * 60 == Field("deal", "k" * 60, str).key
    with pytest.raises(Invalid):
        Field("deal", "k" * 61, str)
    unsaid: list[Field[Any]] = [
        Field("client", "a", str),
        Field("client", "b", str, choices=("x",)),
        Field("client", "c", int),
    ]
    assert [True, False, False] == [field.pii for field in unsaid]
    told: list[Field[Any]] = [
        Field("client", "a", str, pii=False),
        Field("client", "b", str, choices=("x",), pii=True),
        Field("client", "c", int, pii=True),
    ]
    assert [False, True, True] == [field.pii for field in told]


def test_what_is_no_type_for_a_field_is_told_which_are() -> None:
    """In one sentence, sorted."""
    with pytest.raises(Invalid, match="Decimal, Money, UUID, bool, date, datetime, frozenset, int, str"):
        Field("client", "card", float)
    number: Any = 7
    with pytest.raises(Invalid) as caught:
        Field("client", "card", str, choices=number)
    assert [("choices", "not_values")] == [(fault.path, fault.code) for fault in caught.value.faults]


def test_the_largest_numbers_are_kept_to_the_last_digit() -> None:
    """Whatever precision the host's decimals have."""
    field, large = Field("deal", "margin", Decimal), Decimal("99999999999999.9999")
    with localcontext(prec=5):
        assert large == field.read(field.stored(large))
