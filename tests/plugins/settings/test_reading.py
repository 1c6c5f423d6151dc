"""What is right is read as what it stands for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Any, Literal, NewType

import attrs
import pytest
from hypothesis import given, settings, strategies as st
from promises.scales import scales

from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.marks import Personal
from crmkit.errors import Invalid
from crmkit.plugins.settings import PhoneNumber, Secret, Url, checked_class, plain, setting, settings_class, structured

Channel = NewType("Channel", str)


class Mode(StrEnum):
    TCP = "tcp"
    TLS = "tls"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Size(Enum):
    SMALL = "S"


@attrs.define
class Server:
    host: str
    port: int = 5060


@attrs.frozen
class All:
    name: Personal[str]
    port: int
    rate: float
    tls: bool
    price: Decimal
    timeout: timedelta
    url: Url
    caller: PhoneNumber | None
    records: Path
    mode: Mode
    level: Level
    size: Size
    codec: Literal["a", 1, True]
    channel: Channel
    servers: tuple[Server, ...]
    main: Server | None
    tags: frozenset[Mode]
    limits: Mapping[str, tuple[int, ...]]
    _private: str = ""


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)), ("5m", timedelta(minutes=5)), ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)), ("1.5h", timedelta(minutes=90)), ("5 m", timedelta(minutes=5)),
        (90, timedelta(seconds=90)), (0.5, timedelta(milliseconds=500)), (0, timedelta()),
        (timedelta(days=2), timedelta(days=2)),
    ],
)  # fmt: skip
def test_a_duration_is_read_in_an_operators_spelling(text: object, span: timedelta) -> None:
    """Nobody counts the seconds of two hours."""

    @attrs.frozen
    class Settings:
        timeout: timedelta

    assert span == structured(Settings, {"timeout": text}, plugin="p").timeout


def test_a_phone_number_becomes_its_key() -> None:
    """A plugin compares numbers: the spelling of the file must not matter."""

    @attrs.frozen
    class Settings:
        caller: PhoneNumber

    assert "+4930901820" == structured(Settings, {"caller": "+49 (30) 901820"}, plugin="p").caller


def test_a_whole_number_does_for_a_number_and_nothing_else_is_guessed() -> None:
    """`rate = 2` is what a person writes; it is read as 2.0."""

    @attrs.frozen
    class Settings:
        rate: float

    assert "2.0" == repr(structured(Settings, {"rate": 2}, plugin="p").rate)


def test_what_is_left_out_keeps_its_default() -> None:
    """Also one that is made anew for each instance, or from the fields before it."""

    @settings_class
    class Settings:
        host: str = setting(help="Where to.")
        ports: tuple[int, ...] = setting(factory=lambda: (1, 2))
        copy: str = attrs.field(default=attrs.Factory(lambda self: self.host, takes_self=True))

    made = structured(Settings, {"host": "a"}, plugin="p")
    assert (("a", (1, 2), "a")) == (made.host, made.ports, made.copy)


def test_an_attrs_converter_is_applied_after_the_type() -> None:
    """The annotation says what may be written, the converter what the plugin works with."""

    @attrs.frozen
    class Settings:
        name: str = attrs.field(converter=_shouted)
        count: int = attrs.field(default=1, validator=attrs.validators.ge(1))

    assert "ANNA" == structured(Settings, {"name": "anna"}, plugin="p").name
    with pytest.raises(Invalid) as caught:
        structured(Settings, {"name": "anna", "count": 0}, plugin="p")
    assert ["plugins.p.count"] == [fault.path for fault in caught.value.faults]


def test_what_a_host_has_made_already_is_taken() -> None:
    """Settings from a program need no detour through text."""
    server = Server("a")

    @attrs.frozen
    class Settings:
        main: Server
        mode: Mode
        records: Path
        token: Secret

    token = Secret("t")
    made = structured(Settings, {"main": server, "mode": Mode.TLS, "records": Path("a"), "token": token}, plugin="p")
    assert Settings(server, Mode.TLS, Path("a"), token) == made


def _shouted(text: str) -> str:
    return text.upper()


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
WHOLE = st.integers(-(2**70), 2**70)
SERVERS = st.builds(Server, TEXTS, WHOLE)
SETTINGS = st.builds(
    All,
    name=TEXTS,
    port=WHOLE,
    rate=st.floats(allow_nan=False, allow_infinity=False),
    tls=st.booleans(),
    price=st.decimals(-(10**20), 10**20, places=6),
    timeout=st.timedeltas(timedelta(0)),
    url=st.sampled_from([Url("https://a.example/b?c=d"), Url("http://127.0.0.1:8080")]),
    caller=st.sampled_from([None, PhoneNumber("+4930901820"), PhoneNumber("+79123456789")]),
    records=st.sampled_from([Path("a"), Path("/a/b")]),
    mode=st.sampled_from(Mode),
    level=st.sampled_from(Level),
    size=st.sampled_from(Size),
    codec=st.sampled_from(["a", 1, True]),
    channel=TEXTS.map(Channel),
    servers=st.lists(SERVERS, max_size=3).map(tuple),
    main=st.none() | SERVERS,
    tags=st.frozensets(st.sampled_from(Mode)),
    limits=st.dictionaries(TEXTS, st.lists(WHOLE, max_size=3).map(tuple), max_size=3).map(FrozenMap),
    private=TEXTS,
)


def _filled(mapping: dict[str, Any]) -> dict[str, Any]:
    """`caller` and `main` have no default; None is left out when written."""
    return {"caller": None, "main": None, **mapping}


@scales(plain=20, heavy=500)
def test_settings_read_from_what_was_written_are_the_same(run: str, scale: int) -> None:
    """What a doctor shows is what a file would say."""

    @settings(max_examples=scale)
    @given(SETTINGS)
    def holds(written: All) -> None:
        assert written == structured(All, _filled(plain(written)), plugin="p")

    holds()


LEAVES = (
    st.none()
    | st.booleans()
    | WHOLE
    | st.floats()
    | st.text(max_size=5)
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=3)
)
JUNK = st.recursive(
    LEAVES,
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(["host", "port", "env", "file", "a", "b c"]), inside, max_size=3)
    ),
    max_leaves=6,
)


@attrs.frozen
class Some(All):
    token: Secret | None = None


@scales(plain=20, heavy=500)
def test_junk_is_invalid_or_settings_and_nothing_else(run: str, scale: int) -> None:
    """Whatever a file holds, a host catches one kind of error."""

    @settings(max_examples=scale)
    @given(SETTINGS, st.dictionaries(st.sampled_from([*attrs.fields_dict(Some), "private", "x"]), JUNK, max_size=4))
    def holds(written: All, junk: dict[str, Any]) -> None:
        try:
            made = structured(Some, {**_filled(plain(written)), **junk}, plugin="p", environ={})
        except Invalid as error:
            faults = error.faults
        else:
            faults = ()
            assert made == structured(Some, _filled(plain(made)), plugin="p")
        assert [] == [fault for fault in faults if fault.plugin != "p" or not fault.path.startswith("plugins.p")]

    holds()


def test_the_settings_of_this_page_are_well_made() -> None:
    """A property over a class that is refused would prove nothing."""
    assert () == checked_class(Some)


def test_declaring_settings_does_not_load_the_converter() -> None:
    """Every plugin is imported to be listed; only those that run are read."""
    script = "import sys, crmkit.plugins.settings; print('cattrs' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert "False" == done.stdout.strip()
