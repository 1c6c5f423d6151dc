"""What a plugin's author is told, before anything is kept."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, NewType
from uuid import UUID

import attrs
import pytest

from crmkit import Money
from crmkit.domain.collection import Collection
from crmkit.domain.ids import ClientId
from crmkit.domain.marks import Code, Personal
from crmkit.errors import Invalid

Sku = NewType("Sku", str)


class Size(Enum):
    SMALL = 1
    LARGE = 2


class Mixed(Enum):
    ONE = 1
    TWO = "two"


@attrs.frozen
class Address:
    """Two texts, one of them a code."""

    street: str
    country: Code[str] = "DE"


@attrs.frozen
class Codes:
    """Nothing that says anything of anybody."""

    iso: Code[str]
    size: Size = Size.SMALL


@attrs.frozen
class Everything:
    """All that can be kept."""

    sku: Sku
    client: ClientId | None
    text: str | None
    code: Code[str]
    optional: Code[str | None]
    inner: Code[str] | None
    number: int
    age: Personal[int]
    flag: bool
    amount: Decimal
    price: Money
    carrier: UUID
    day: date
    at: datetime
    size: Size
    state: Literal["new", "old"]
    names: tuple[str, ...]
    tags: frozenset[Code[str]]
    address: Address
    addresses: tuple[Address, ...] | None
    codes: Codes
    born: Personal[date | None]


@attrs.frozen
class Wrong:
    """Nothing that can be kept."""

    key: str
    ratio: float
    anything: Any
    raw: bytes
    when: time
    listed: list[str]
    pair: tuple[int, str]
    bare: tuple  # type: ignore[type-arg]
    mapping: dict[str, str]
    either: int | str
    mixed: Mixed
    thawed: Thawed
    numbers: Literal[1, 2]
    itself: Wrong | None
    _hidden: int = 0
    derived: int = attrs.field(init=False, default=0)


@attrs.define
class Thawed:
    """A class whose values change under one's hands."""

    name: str


class Plain:
    """No attrs class at all."""


@attrs.frozen
class Unresolved:
    """Names what its module does not have."""

    name: Missing  # type: ignore[name-defined]  # noqa: F821


def test_all_that_can_be_kept_is_taken() -> None:
    """A collection of it is known by its class's name, in small letters."""
    everything = Collection(Everything, key="sku", index=("text", "at", "size"), client="client", plugin="p")
    assert "p.everything" == everything.stored_name
    assert "p.HTTP".lower() + "_call" == Collection(_named("HTTPCall"), key="sku", plugin="p").stored_name
    assert "p.a1_things" == Collection(Everything, key="sku", name="a1_things", plugin="p").stored_name


def _named(name: str) -> type[Any]:
    return attrs.make_class(name, {"sku": attrs.field(type=str)}, frozen=True)


def test_texts_are_personal_unless_they_are_codes() -> None:
    """At any depth; of what is no text, only what was marked."""
    personal = Collection(Everything, key="sku", plugin="p").personal_fields
    assert {"sku", "text", "age", "names", "address", "addresses", "born"} == personal


def test_every_fault_of_an_author_is_told_at_once() -> None:
    """One for each field that cannot be kept; what to take instead stands in it."""
    with pytest.raises(Invalid) as caught:
        Collection(Wrong, key="nothing", plugin="p")
    wrong = {field.name for field in attrs.fields(Wrong)} - {"key"}
    assert wrong | {"key"} == {fault.path for fault in caught.value.faults}
    assert len(wrong) + 1 == len(caught.value.faults)
    assert all("." in fault.message for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"key": "text"}, ["key"]),
        ({"key": "price"}, ["key"]),
        ({"index": "text"}, ["index"]),
        ({"index": ("text", "text")}, ["index"]),
        ({"index": ("text", "code", "number", "flag")}, ["index"]),
        ({"index": ("price", "names", "nothing")}, ["index", "index", "index"]),
        ({"index": (5,)}, ["index"]),
        ({"client": "text"}, ["client"]),
        ({"client": "nothing"}, ["client"]),
        ({"name": "Points"}, ["name"]),
        ({"name": "a.b", "plugin": "my plugin"}, ["name", "plugin"]),
        ({"key": 5, "index": 5, "client": 5}, ["key", "index", "client"]),
    ],
)
def test_each_role_takes_only_what_can_play_it(given: dict[str, Any], paths: list[str]) -> None:
    """A key is never empty, an index has an order, a client is an id."""
    said: dict[str, Any] = {"key": "sku", "plugin": "p", **given}
    with pytest.raises(Invalid) as caught:
        Collection(Everything, **said)
    assert paths == [fault.path for fault in caught.value.faults]


@pytest.mark.parametrize("kind", [Thawed, Plain, 5, Everything(*[None] * 22)])  # type: ignore[arg-type]
def test_only_a_frozen_attrs_class_is_kept(kind: Any) -> None:
    """What changes under one's hands would be kept as nobody knows what."""
    with pytest.raises(Invalid, match=r"@attrs\.frozen"):
        Collection(kind, key="name", plugin="p")


def test_a_name_nobody_defined_is_told() -> None:
    """A type that only a type checker sees, or one inside a function, cannot be read."""
    with pytest.raises(Invalid, match="Unresolved names Missing"):
        Collection(Unresolved, key="name", plugin="p")


def test_an_indexed_field_may_not_hide_a_keyword_of_list() -> None:
    """`list(limit=…)` means the page's."""
    limited = attrs.make_class(
        "Limited", {"name": attrs.field(type=str), "limit": attrs.field(type=int)}, frozen=True
    )  # fmt: skip
    with pytest.raises(Invalid, match="limit cannot be indexed"):
        Collection(limited, key="name", index=("limit",), plugin="p")


def test_a_collection_is_its_plugins() -> None:
    """By the class it is an attribute of, whenever that gets its name; a name of its own goes before."""

    class Loyalty:
        name = ""
        codes = Collection(Codes, key="iso")
        others = Collection(Codes, key="iso", plugin="others")

    with pytest.raises(Invalid, match="attribute of a Plugin"):
        _ = Loyalty.codes.stored_name
    Loyalty.name = "loyalty"
    assert ("loyalty.codes", "others.codes") == (Loyalty.codes.stored_name, Loyalty.others.stored_name)
    with pytest.raises(Invalid, match="plugin="):
        _ = Collection(Codes, key="iso").plugin
    assert "Collection(Codes, key='iso')" == repr(Loyalty.codes)
