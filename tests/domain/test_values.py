"""Values are as well-behaved as Python's own: equal, hashed, printed and refused as a reader would guess."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import attrs
import pytest

from crmkit import Field, Money
from crmkit.domain.custom import NO_CUSTOM
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.secret import MASK, Secret
from crmkit.domain.sortable import sortable
from crmkit.domain.thawed import maker
from crmkit.fields import F
from crmkit.testing import a_client, a_task

CARD, LEVEL = Field("client", "card", str), Field("client", "level", int)
BOTH = NO_CUSTOM.with_given([CARD.to("A"), LEVEL.to(3)])


@pytest.mark.parametrize("do", [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge])
def test_money_and_a_number_do_not_mix(do: Callable[[Any, Any], object]) -> None:
    """Python says so, as of a text and a number."""
    with pytest.raises(TypeError, match="Money"):
        do(Money(1, "EUR"), 1)
    one: object = 1
    assert one != Money(1, "EUR")


def test_custom_values_are_true_if_there_are_any() -> None:
    """Equal ones hash alike; their values are not printed."""
    again = NO_CUSTOM.with_given([LEVEL.to(3), CARD.to("A")])
    assert (True, False) == (bool(BOTH), bool(NO_CUSTOM))
    assert 1 == len({BOTH, again})
    assert 2 == len({BOTH, NO_CUSTOM})
    assert "Custom(card=…, level=…)" == repr(BOTH)


def test_what_may_be_personal_is_not_printed() -> None:
    """Names of fields and keys of maps are; a field that is empty is left out."""
    assert "FrozenMap(bank, shop)" == repr(FrozenMap({"bank": "9", "shop": "1"}))
    client = a_client(name="Anna Petrova", language="de")
    assert repr(client).startswith(f"Client(id={client.id!r}, kind='person', name=…, lifecycle='prospect', ")
    assert "Anna" not in f"{client}"
    assert "region" not in repr(client)


def test_a_secret_shows_its_mask_and_stays() -> None:
    """However it is printed; equal ones are one key of a dict."""
    secret = Secret("hunter2")
    assert [MASK, f"{MASK:>12}", MASK] == [str(secret), f"{secret:>12}", f"{secret}"]
    assert {secret: 1}[Secret("hunter2")] == 1
    assert hash(secret) != hash(Secret("other"))
    for change in (partial(setattr, secret, "_text", "x"), partial(delattr, secret, "_text")):
        with pytest.raises(AttributeError, match="Make a new one"):
            change()
    assert Secret("\ud800") == Secret("\ud800")
    assert Secret("\ud800") != secret


def test_an_instant_sorts_as_it_is_in_utc() -> None:
    """Wherever the machine and its clock are."""
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert "=2026-05-01T12:00:00.000000" == sortable(noon) == sortable(noon.astimezone())


def test_unlike_is_the_opposite_of_like() -> None:
    """As a condition says it."""
    assert F.client.owner.ne("4") == ~F.client.owner.eq("4")


def test_a_task_is_overdue_until_it_is_done() -> None:
    """Not yet at the instant itself, and never once finished."""
    task = a_task()
    late = task.due_at + timedelta(microseconds=1)
    assert (False, True) == (task.is_overdue(task.due_at), task.is_overdue(late))
    started, done = (attrs.evolve(task, status=status) for status in ("in_progress", "done"))
    assert (True, False) == (started.is_overdue(late), done.is_overdue(late))


def test_only_plain_records_are_made_the_short_way() -> None:
    """One that works on its fields would be made without that work."""

    @attrs.frozen
    class Spoiled:
        name: str = attrs.field(validator=attrs.validators.min_len(1))

    with pytest.raises(AssertionError, match="works on its fields"):
        maker(Spoiled)
