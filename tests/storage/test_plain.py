"""`to_builtins`, `from_builtins` and `json_schema`: the only way from values to JSON and back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from functools import cache
from typing import Any
from uuid import UUID

import attrs
import jsonschema
import pytest
from hypothesis import given, settings, strategies as st

from crmkit import (
    Board,
    Card,
    Client,
    Decision,
    Item,
    Journey,
    Money,
    Outcome,
    Page,
    Purchase,
    Where,
    from_builtins,
    json_schema,
    to_builtins,
)
from crmkit.domain.events import BY_TOPIC, ClientAdded, DealWon, Event
from crmkit.domain.marks import Code
from crmkit.domain.records import RECORDS
from crmkit.errors import Invalid
from crmkit.fields import F
from crmkit.testing import a_client, a_purchase, an_entry
from crmkit.testing.strategies import values_of

WHOLES: tuple[Any, ...] = (Card, Outcome, Money, Journey, Decision, Board, Page[Client])


class Tier(Enum):
    BASIC = "basic"
    GOLD = "gold"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


@attrs.frozen
class Visit:
    """A class that is none of crmkit's."""

    day: date
    size: Size
    tiers: frozenset[Tier]
    until: date | None
    code: Code[str] | None


KINDS: tuple[Any, ...] = (*RECORDS, *BY_TOPIC.values(), *WHOLES, Visit)
PERSON: dict[str, Any] = to_builtins(a_client())


def _name(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind))


def _through_json(value: Any) -> Any:
    return json.loads(json.dumps(to_builtins(value)))


@cache
def _validator(kind: Any) -> jsonschema.Draft202012Validator:
    schema = json_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def _validate(kind: Any, plain: Any) -> None:
    validator: Any = _validator(kind)
    assert [] == [error.message for error in validator.iter_errors(plain)]


@pytest.mark.parametrize("kind", KINDS, ids=_name)
@settings(max_examples=15)
@given(data=st.data())
def test_a_value_comes_back_from_json_and_fits_its_schema(kind: Any, data: st.DataObject) -> None:
    """Whatever a value holds, no letter, coin or microsecond is lost; the schema says what is written."""
    value = data.draw(values_of(kind))
    plain = _through_json(value)
    assert value == from_builtins(kind, plain)
    _validate(kind, plain)


def test_ids_decimals_and_instants_are_texts() -> None:
    """JavaScript reads neither big numbers nor Python's spellings."""
    at = datetime(2026, 5, 1, 9, tzinfo=UTC)
    written = to_builtins([UUID(int=7), Decimal("1E+2"), at, at.astimezone(timezone(timedelta(hours=3))), {"b", "a"}])
    id_text = "00000000-0000-0000-0000-000000000007"
    assert [id_text, "100", "2026-05-01T09:00:00Z", "2026-05-01T12:00:00+03:00", ["a", "b"]] == written


def test_an_offset_with_seconds_becomes_utc() -> None:
    """RFC 3339 knows whole minutes only; old local times have seconds too."""
    at = datetime(1900, 1, 1, tzinfo=timezone(timedelta(hours=2, minutes=30, seconds=17)))
    assert "1899-12-31T21:29:43Z" == to_builtins(at)
    assert at == from_builtins(datetime, to_builtins(at))


def test_personal_data_is_written_out() -> None:
    """`repr` masks; an export must not."""
    assert "Ada" == to_builtins(a_client("Ada"))["name"]
    assert json_schema(Client)["$defs"]["Client"]["properties"]["name"]["x-personal"]


def test_an_event_names_its_topic() -> None:
    """Whoever receives many kinds tells them apart, and any of them can be read as an event."""
    (event,) = an_entry(a_client()).events
    plain = _through_json(event)
    assert "client.added" == plain["topic"]
    assert event == from_builtins(Event, plain) == from_builtins(ClientAdded, plain)
    _validate(Event, plain)
    with pytest.raises(Invalid, match=r"deal\.won"):
        from_builtins(DealWon, plain)


def test_a_mapping_of_records_by_id_is_an_object() -> None:
    """What `get_many` gives can be sent as it is."""
    ada = a_client()
    assert {str(ada.id): to_builtins(ada)} == to_builtins({ada.id: ada})


def test_a_condition_is_json_too() -> None:
    """Saved lists and segments travel the same way."""
    where = F.client.tags.has("vip") & ~F.client.owner.is_empty()
    assert where == from_builtins(Where, _through_json(where))


def test_every_fault_is_named_at_once() -> None:
    """A form shows all its mistakes, each with the path of its field."""
    purchase = to_builtins(a_purchase(a_client()))
    wrong = {
        **purchase,
        "id": "17",
        "amount": {"amount": "1.00001", "currency": "eur"},
        "items": [{"product": "Tea"}, {"product": 5, "quantity": True, "colour": "red"}],
        "source": {"plugin": None},
        "bought_at": "2026-05-01T09:00:00",
        "version": 1.0,
        "price": 3,
    }
    del wrong["channel"]
    with pytest.raises(Invalid) as caught:
        from_builtins(Purchase, wrong)
    assert {
        "id": "not_an_id",
        "amount.amount": "not_money",
        "amount.currency": "not_a_currency",
        "items[1].product": "not_a_text",
        "items[1].quantity": "not_a_number",
        "items[1].colour": "unknown",
        "source.channel": "missing",
        "bought_at": "not_an_instant",
        "version": "not_a_number",
        "price": "unknown",
        "channel": "missing",
    } == {fault.path: fault.code for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "robot"),
        ("kind", ["person"]),
        ("name", "half \ud800 a letter"),
        ("name", "a\x00b"),
        ("name", None),
        ("tags", "vip"),
        ("tags", ["vip", "vip"]),
        ("tags", [["vip"]]),
        ("external_ids", ["shop"]),
        ("external_ids", {"shop": 42}),
        ("custom", {"level": 1.5}),
        ("custom", {"level": 2**63}),
        ("custom", {"no key": 1}),
        ("custom", [1]),
        ("created_at", "2026-13-01T00:00:00Z"),
        ("created_at", 0),
        ("id", "{01a20d74-1241-7e41-a0fe-563b31b611fa}"),
        ("version", True),
        ("version", 2**63),
    ],
)
def test_what_is_no_such_value_is_refused_by_its_path(field: str, value: Any) -> None:
    """Never a converter's own error, whatever the JSON holds."""
    with pytest.raises(Invalid) as caught:
        from_builtins(Client, {**PERSON, field: value})
    assert [field] == [fault.path.partition(".")[0].partition("[")[0] for fault in caught.value.faults]


@pytest.mark.parametrize("data", [None, 5, "text", [], {}, {"items": 1}])
@pytest.mark.parametrize(
    "kind", [Client, Event, Money, Page[Client], Where, Decimal, timedelta, frozenset[str]], ids=_name
)
def test_junk_is_refused_whatever_was_asked_for(kind: Any, data: Any) -> None:
    """The whole may be wrong as well as a part of it."""
    if (kind, data) == (timedelta, 5) or (kind, data) == (frozenset[str], []):
        return
    with pytest.raises(Invalid):
        from_builtins(kind, data)


@pytest.mark.parametrize(
    ("field", "value"),
    [("day", "2026-13-01"), ("day", "20260501"), ("day", 5), ("size", 3), ("size", "1"), ("tiers", ["zinc"])],
)
def test_what_is_no_day_and_no_member_is_refused(field: str, value: Any) -> None:
    """With what would have been one."""
    plain = {"day": "2026-05-01", "size": 1, "tiers": ["gold"], "until": None, "code": None}
    assert Visit(date(2026, 5, 1), Size.SMALL, frozenset({Tier.GOLD}), None, None) == from_builtins(Visit, plain)
    with pytest.raises(Invalid) as caught:
        from_builtins(Visit, {**plain, field: value})
    assert [field] == [fault.path.partition("[")[0] for fault in caught.value.faults]


@pytest.mark.parametrize("value", [object, float("nan"), datetime(2026, 1, 1), {1: 2}, b"bytes"], ids=repr)
def test_what_has_no_json_is_refused(value: Any) -> None:
    """Better than a guess that cannot be read back."""
    with pytest.raises(Invalid):
        to_builtins(value)


def test_a_page_must_say_what_it_holds() -> None:
    """JSON does not tell records apart by themselves."""
    page = Page((a_client(),), None)
    assert page == from_builtins(Page[Client], _through_json(page))
    with pytest.raises(Invalid, match=r"Page\[Client\]"):
        from_builtins(Page, _through_json(page))
    with pytest.raises(Invalid):
        json_schema(Page)


def test_a_schema_is_as_strict_as_the_types() -> None:
    """What `from_builtins` would refuse, a validator at the other end refuses as well."""
    purchase = a_purchase(a_client(), items=(Item("Tea", 2, Money(3, "EUR")),))
    good: dict[str, Any] = to_builtins(purchase)
    validator: Any = jsonschema.Draft202012Validator(json_schema(Purchase))
    assert validator.is_valid(good)
    wrong: tuple[dict[str, Any], ...] = (
        {"items": "Tea"}, {"items": [1]}, {"items": [{}]}, {"items": {"0": good["items"][0]}}, {"version": "1"},
    )  # fmt: skip
    for one in wrong:
        assert not validator.is_valid({**good, **one}), one
    assert not validator.is_valid({**good, "colour": "red"})
    schema = json_schema(Purchase)
    items = schema["$defs"]["Purchase"]["properties"]["items"]
    assert {"type": "array", "items": {"$ref": "#/$defs/Item"}, "x-personal": True} == items
    assert "#/$defs/Purchase" == schema["$ref"]


def test_any_event_is_one_of_those_there_are() -> None:
    """Told apart by their topics."""
    schema = json_schema(Event)
    assert sorted(f"#/$defs/{kind.__name__}" for kind in BY_TOPIC.values()) == sorted(
        one["$ref"] for one in schema["oneOf"]
    )
    validator: Any = jsonschema.Draft202012Validator(schema)
    assert not validator.is_valid({"topic": "client.vanished"})
