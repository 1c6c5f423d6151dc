from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from crmkit import Money
from crmkit.domain.money import units_of
from crmkit.errors import Invalid

units = st.integers(-(10**18) + 1, 10**18 - 1)


@given(units)
def test_every_amount_survives_its_units(count: int) -> None:
    """What a store without decimals keeps is exact, both ways."""
    money = Money.of_units(count, "EUR")
    assert count == money.units
    assert money == Money(money.amount, "EUR") == Money(str(money.amount), "EUR")
    assert repr(money) == repr(Money(money.amount, "EUR"))


@given(st.integers(-(10**16), 10**16), st.integers(-(10**16), 10**16))
def test_sums_are_exact_and_come_apart_again(left: int, right: int) -> None:
    """Never a float in between."""
    one, other = Money.of_units(left, "RUB"), Money.of_units(right, "RUB")
    assert left + right == (one + other).units
    assert one == one + other - other
    assert (left < right, left <= right) == (one < other, one <= other)


@pytest.mark.parametrize(
    "amount",
    [0.1, True, None, "", "x", "1,50", "NaN", "Infinity", "1e400", "0.00001", 10**14, -(10**14), "9" * 100, Decimal("sNaN"),
     Decimal("1E+1000000"), b"1", object()],
)  # fmt: skip
def test_what_is_no_amount_is_invalid(amount: Any) -> None:
    """At most four decimals, below a hundred trillion, and no float however round."""
    with pytest.raises(Invalid) as caught:
        Money(amount, "EUR")
    assert ["amount"] == [fault.path for fault in caught.value.faults]


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "€", "EU", None, 978, "ЕВР"])
def test_a_currency_is_a_code_of_three_capitals(currency: Any) -> None:
    """And both faults are told at once."""
    with pytest.raises(Invalid) as caught:
        Money("x", currency)
    assert ["amount", "currency"] == [fault.path for fault in caught.value.faults]


def test_currencies_never_mix() -> None:
    """In sums, differences and comparisons alike."""
    euro, rouble = Money(1, "EUR"), Money(1, "RUB")
    for mix in (euro.__add__, euro.__sub__, euro.__lt__, euro.__le__):
        with pytest.raises(Invalid, match="do not add up"):
            mix(rouble)


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_units_are_counted_or_refused_but_never_rounded(amount: Decimal) -> None:
    """None for what has no whole number of ten-thousandths."""
    count = units_of(amount)
    assert count is None or Decimal(count).scaleb(-4) == amount
