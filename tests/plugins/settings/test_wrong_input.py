"""A table of wrong inputs, each with the fault an operator reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest

from crmkit.errors import Fault, Invalid
from crmkit.plugins.settings import PhoneNumber, Secret, Url, setting, settings_class, structured


class Mode(StrEnum):
    TCP = "tcp"
    TLS = "tls"


class Level(Enum):
    LOW = 1
    HIGH = 2


@attrs.frozen
class Server:
    host: str
    port: int = attrs.field(default=5060, validator=attrs.validators.le(65535))


@settings_class
class Sip:
    name: str = "sip"
    port: int = attrs.field(default=5060, validator=[attrs.validators.ge(1), attrs.validators.le(65535)])
    rate: float = 1.0
    tls: bool = True
    price: Decimal = Decimal(0)
    timeout: timedelta = timedelta(seconds=5)
    url: Url = Url("https://example.com")
    caller: PhoneNumber | None = None
    records: Path = Path("records")
    mode: Mode = Mode.TCP
    level: Level = Level.LOW
    codec: Literal["alaw", "ulaw", 1] = "alaw"
    password: Secret | None = None
    servers: tuple[Server, ...] = ()
    main: Server | None = None
    tags: frozenset[str] = frozenset()
    headers: Mapping[str, int] = attrs.field(factory=dict[str, int])
    region: str = setting(default="DE", validator=attrs.validators.in_(["DE", "RU"]), help="Where it dials from.")


TEXT = "Give a text in quotes, without NUL or half characters."
WHOLE = "Give a whole number, without quotes."
NUMBER = "Give a number, without quotes."
FLAG = "Give true or false, without quotes."
DECIMAL = 'Give a decimal in quotes, such as "0.15".'
DURATION = 'Give a duration such as "90s", "5m", "2h" or "1d", or a number of seconds.'
URL = 'Give a URL with a host and without a password, such as "https://example.com/path".'
PHONE = 'Give a phone number with its country code, such as "+4930901820".'
LITERAL = 'Write a reference, {env = "NAME"} or {file = "PATH"}, not the value.'

WRONG: list[tuple[dict[str, Any], str, str, str]] = [
    ({"name": 5}, "name", "not_text", TEXT),
    ({"name": True}, "name", "not_text", TEXT),
    ({"name": None}, "name", "not_text", TEXT),
    ({"name": "a\x00b"}, "name", "not_text", TEXT),
    ({"name": "\ud800"}, "name", "not_text", TEXT),
    ({"port": "5060"}, "port", "not_a_whole_number", WHOLE),
    ({"port": True}, "port", "not_a_whole_number", WHOLE),
    ({"port": 5060.0}, "port", "not_a_whole_number", WHOLE),
    ({"port": 0}, "port", "refused", "Give a value >= 1."),
    ({"port": 70_000}, "port", "refused", "Give a value <= 65535."),
    ({"rate": "1.5"}, "rate", "not_a_number", NUMBER),
    ({"rate": True}, "rate", "not_a_number", NUMBER),
    ({"rate": float("nan")}, "rate", "not_a_number", NUMBER),
    ({"rate": float("inf")}, "rate", "not_a_number", NUMBER),
    ({"rate": 10**400}, "rate", "not_a_number", NUMBER),
    ({"tls": "false"}, "tls", "not_a_flag", FLAG),
    ({"tls": 0}, "tls", "not_a_flag", FLAG),
    ({"price": 0.1}, "price", "not_a_decimal", DECIMAL),
    ({"price": "NaN"}, "price", "not_a_decimal", DECIMAL),
    ({"price": "1_0"}, "price", "not_a_decimal", DECIMAL),
    ({"timeout": "5"}, "timeout", "not_a_duration", DURATION),
    ({"timeout": "5 weeks"}, "timeout", "not_a_duration", DURATION),
    ({"timeout": -1}, "timeout", "not_a_duration", DURATION),
    ({"timeout": True}, "timeout", "not_a_duration", DURATION),
    ({"timeout": "999999999999d"}, "timeout", "not_a_duration", DURATION),
    ({"timeout": 1e300}, "timeout", "not_a_duration", DURATION),
    ({"url": "example.com"}, "url", "not_a_url", URL),
    ({"url": "ftp://example.com"}, "url", "not_a_url", URL),
    ({"url": "https://"}, "url", "not_a_url", URL),
    ({"url": "https://me:hunter2@example.com"}, "url", "not_a_url", URL),
    ({"url": "https://[::1"}, "url", "not_a_url", URL),
    ({"url": "https://a:99999"}, "url", "not_a_url", URL),
    ({"url": "https://a.com\\@b.com"}, "url", "not_a_url", URL),
    ({"url": "https://a b"}, "url", "not_a_url", URL),
    ({"caller": "030 901820"}, "caller", "not_a_phone", PHONE),
    ({"caller": "+49"}, "caller", "not_a_phone", PHONE),
    ({"caller": 4930901820}, "caller", "not_a_phone", PHONE),
    ({"records": ""}, "records", "not_a_path", "Give a path in quotes."),
    ({"records": "a\x00"}, "records", "not_a_path", "Give a path in quotes."),
    ({"mode": "udp"}, "mode", "unknown_choice", 'Give one of: "tcp", "tls".'),
    ({"mode": "TCP"}, "mode", "unknown_choice", 'Give one of: "tcp", "tls".'),
    ({"level": True}, "level", "unknown_choice", "Give one of: 1, 2."),
    ({"level": 1.0}, "level", "unknown_choice", "Give one of: 1, 2."),
    ({"codec": True}, "codec", "unknown_choice", 'Give one of: "alaw", "ulaw", 1.'),
    ({"codec": ["alaw"]}, "codec", "unknown_choice", 'Give one of: "alaw", "ulaw", 1.'),
    ({"password": "hunter2"}, "password", "literal_secret", LITERAL),
    ({"password": {"value": "hunter2"}}, "password", "literal_secret", LITERAL),
    ({"password": {"env": "A", "file": "b"}}, "password", "literal_secret", LITERAL),
    ({"password": {"env": ""}}, "password", "literal_secret", LITERAL),
    ({"password": {"env": 5}}, "password", "literal_secret", LITERAL),
    (
        {"password": {"env": "NOT_SET"}},
        "password",
        "missing_variable",
        "The environment variable named here is not set. Set it, or name another.",
    ),
    (
        {"password": {"file": "/nowhere/at/all"}},
        "password",
        "missing_file",
        "The file named here cannot be read (No such file or directory). Make it readable, or name another.",
    ),
    (
        {"password": {"file": "a\x00b"}},
        "password",
        "missing_file",
        "This is no name of a file. Name the file that holds the secret.",
    ),
    ({"servers": "a"}, "servers", "not_a_list", "Give a list."),
    ({"servers": {"host": "a"}}, "servers", "not_a_list", "Give a list."),
    ({"servers": [{"host": "a"}, {}]}, "servers[1].host", "missing", "This setting is required. Give it."),
    ({"servers": [{"host": "a", "port": 70_000}]}, "servers[0].port", "refused", "Give a value <= 65535."),
    ({"main": []}, "main", "not_a_table", "Give a table."),
    ({"main": {"host": 1}}, "main.host", "not_text", TEXT),
    ({"tags": ["a", "a"]}, "tags", "double", "Give each only once."),
    ({"tags": "ab"}, "tags", "not_a_list", "Give a list."),
    ({"headers": [1]}, "headers", "not_a_table", "Give a table."),
    ({"headers": {"a": "b"}}, "headers.a", "not_a_whole_number", WHOLE),
    ({"headers": {"+7912": "b"}}, "headers[0]", "not_a_whole_number", WHOLE),
    ({"headers": {5: 5}}, "headers[0]", "not_text", TEXT),
    ({"prot": 1}, "prot", "unknown_setting", "There is no such setting. Did you mean 'port'?"),
    (
        {"main": {"host": "a", "zzz": 1}},
        "main.zzz",
        "unknown_setting",
        "There is no such setting. Choose from: host, port.",
    ),
    (
        {"main": {"host": "a", "a\nb": 1}},
        "main[1]",
        "unknown_setting",
        "There is no such setting. Choose from: host, port.",
    ),
    ({"region": "FR"}, "region", "refused", "Give one of: 'DE', 'RU'. Where it dials from."),
]


def refused(kind: type[Any], given: Any, **more: Any) -> tuple[Fault, ...]:
    with pytest.raises(Invalid) as caught:
        structured(kind, given, plugin="sip", **more)
    return caught.value.faults


@pytest.mark.parametrize(
    ("given", "path", "code", "message"), WRONG, ids=[f"{row[1]}-{n}" for n, row in enumerate(WRONG)]
)
def test_a_wrong_setting_is_named_with_what_to_do(given: dict[str, Any], path: str, code: str, message: str) -> None:
    """The operator reads where it stands and what would be right, and nothing else is complained of."""
    assert (Fault(f"plugins.sip.{path}", code, message, "sip"),) == refused(Sip, given, environ={})


def test_all_faults_come_at_once() -> None:
    """Nobody mends a file one start at a time."""
    given: dict[str, Any] = {"tls": "false", "prot": 1, "password": "hunter2", "servers": [{}, {"port": "1"}]}
    paths = {fault.path.removeprefix("plugins.sip.") for fault in refused(Sip, given)}
    assert {"tls", "prot", "password", "servers[0].host", "servers[1].host", "servers[1].port"} == paths


def test_all_validators_are_heard_at_once() -> None:
    """A class of attrs stops at its first validator; its settings name every one that refuses."""
    paths = [fault.path for fault in refused(Sip, {"port": 0, "region": "FR"})]
    assert ["plugins.sip.port", "plugins.sip.region"] == paths


@pytest.mark.parametrize("given", [None, [], "text", 5])
def test_settings_that_are_no_table_are_refused(given: Any) -> None:
    """`slack = true` is an easy slip in TOML."""
    assert (Fault("plugins.sip", "not_a_table", "Give a table.", "sip"),) == refused(Sip, given)


def test_a_fault_says_in_which_file_it_stands() -> None:
    """There may be several, and one of them is generated."""
    (fault,) = refused(Sip, {"tls": 1}, source="shop.toml, line 7")
    assert f"{FLAG} See shop.toml, line 7." == fault.message


def _short(window: Window, attribute: attrs.Attribute[str], value: str) -> None:
    if len(value) > window.closes:
        message = f"{value} is longer than {window.closes}"
        raise ValueError(message)


@settings_class
class Window:
    opens: int = 9
    closes: int = 18
    label: str = setting(default="", validator=_short)

    def __attrs_post_init__(self) -> None:
        if self.opens >= self.closes:
            raise ValueError("It must open before it closes")
        if self.opens == 0:
            message = f"Not at {self.opens}"
            raise ValueError(message)
        if self.opens == 1:
            raise Invalid(Fault("opens", "night", "Open at two or later."))


def test_a_check_across_fields_is_told_in_its_authors_words() -> None:
    """A sentence that stands in the plugin's code holds no value."""
    expected = Fault("plugins.sip", "refused", "It must open before it closes.", "sip")
    assert (expected,) == refused(Window, {"opens": 20})


def test_a_sentence_put_together_is_not_told() -> None:
    """It may hold what was given: only the field is named."""
    assert (
        Fault(
            "plugins.sip", "refused", "These settings do not go together. See what the plugin says about them.", "sip"
        ),
    ) == refused(Window, {"opens": 0})
    assert (
        Fault("plugins.sip.label", "refused", "This value is not allowed. See what the plugin says about it.", "sip"),
    ) == refused(Window, {"label": "hunter2" * 9})


def test_an_author_may_name_the_field_of_a_check_across_fields() -> None:
    """`Invalid` raised in `__attrs_post_init__` keeps its paths."""
    assert (Fault("plugins.sip.opens", "night", "Open at two or later.", "sip"),) == refused(Window, {"opens": 1})


def test_a_key_that_python_could_not_sort_is_a_fault() -> None:
    """A mapping from a host's program may hold any keys."""
    given: Any = {5: 1, ("a",): 2, None: 3}
    assert ["plugins.sip[0]", "plugins.sip[1]", "plugins.sip[2]"] == [fault.path for fault in refused(Sip, given)]
