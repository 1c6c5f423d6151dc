"""What a client bought in a month: the roll-up that value over time is read from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import attrs

from crmkit.domain.ids import ClientId
from crmkit.domain.marks import Code, Masked
from crmkit.domain.money import Money
from crmkit.domain.purchase import Purchase, Refund


@attrs.frozen
class Month(Masked):
    """
    One client's purchases and refunds of one calendar month (in UTC) in one currency.

    `currency` and the sums are None for purchases without an amount; a refund counts in the month it was given.

    >>> from crmkit import CRM, Money
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    ...     _ = [tx.purchases.record(anna.id, amount=Money(price, "EUR")) for price in (3, 4)]
    ...     (month,) = tx.purchases.months(anna.id)
    ...     month.purchases, str(month.bought)
    (2, '7.00 EUR')
    """

    client_id: ClientId
    month: Code[str]
    currency: Code[str | None]
    purchases: int
    bought: Money | None
    refunds: int
    refunded: Money | None


#: A client, a month, a currency; and how many purchases of how many units, how many refunds of how many units.
Key = tuple[ClientId, str, str]
Sums = tuple[int, int, int, int]


def month_of(at: datetime) -> str:
    """
    Name the month of an instant.

    >>> month_of(datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    '2026-01'
    """
    at = at.astimezone(UTC)
    return f"{at.year:04}-{at.month:02}"


def counted(record: Purchase | Refund) -> tuple[Key, Sums]:
    """Where a purchase or refund counts, and as how much."""
    amount = record.amount
    currency, units = ("", 0) if amount is None else (amount.currency, amount.units)
    if isinstance(record, Purchase):
        return (record.client_id, month_of(record.bought_at), currency), (1, units, 0, 0)
    return (record.client_id, month_of(record.at), currency), (0, 0, 1, units)


def added_up(records: Iterable[Purchase | Refund]) -> dict[Key, Sums]:
    """Sum purchases and refunds by client, month and currency."""
    sums: dict[Key, Sums] = {}
    for key, more in map(counted, records):
        sums[key] = plus(sums.get(key), more)
    return sums


def plus(sums: Sums | None, more: Sums, times: int = 1) -> Sums:
    """Add *more* that many times."""
    a, b, c, d = sums or (0, 0, 0, 0)
    return a + times * more[0], b + times * more[1], c + times * more[2], d + times * more[3]


def month_from(key: Key, sums: Sums) -> Month:
    """Make the value of one sum."""
    client_id, month, currency = key
    bought, refunded = (Money.of_units(units, currency) if currency else None for units in (sums[1], sums[3]))
    return Month(client_id, month, currency or None, sums[0], bought, sums[2], refunded)
