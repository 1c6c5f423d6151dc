"""A class is looked at before anybody uses it, and described to those who do."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, Flag
from typing import Any, Literal, TypeVar

import attrs
import pytest

from crmkit.errors import Invalid
from crmkit.plugins.settings import (
    Secret,
    Url,
    checked_class,
    described,
    example,
    reference,
    setting,
    settings_class,
    structured,
)

T = TypeVar("T")


class Rights(Flag):
    READ = 1


class Odd(Enum):
    NOTHING = None


@attrs.frozen
class Recursive:
    inside: tuple[Recursive, ...] = ()


@attrs.frozen
class Unhashable:
    name: str


@pytest.mark.parametrize(
    "hint",
    [
        list[str], set[str], dict[str, str], tuple[int, str], tuple, Mapping, Mapping[int, str], frozenset[Unhashable],
        int | str, int | str | None, Any, object, bytes, complex, Rights, Odd, Literal[b"a"], T, type[int], None,
    ],
    ids=str,
)  # fmt: skip
def test_a_type_that_no_file_can_hold_is_its_authors_mistake(hint: Any) -> None:
    """It is told when the class is looked at, whatever an operator has written."""
    kind: Any = attrs.make_class("Settings", {"odd": attrs.field(type=hint)}, frozen=True)
    assert [("odd", "unknown_type")] == [(fault.path, fault.code) for fault in checked_class(kind)]


def test_a_field_without_a_type_is_a_mistake() -> None:
    """There is nothing to read it by."""
    kind: Any = attrs.make_class("Settings", ["odd"])
    assert ["odd"] == [fault.path for fault in checked_class(kind)]


def test_every_mistake_of_a_class_is_found_where_it_is() -> None:
    """Inside other classes and lists of them, too."""
    inner: Any = attrs.make_class("Inner", {"a": attrs.field(type=bytes), "b": attrs.field(type=int)})
    kind: Any = attrs.make_class(
        "Settings",
        {
            "one": attrs.field(type=inner),
            "many": attrs.field(type=tuple[inner, ...]),
            "named": attrs.field(type=Mapping[str, tuple[bytes, ...]]),
            "required": attrs.field(type=bool),
            "token": attrs.field(type=Secret, default=Secret("literal")),
        },
    )
    assert [
        ("one.a", "unknown_type"),
        ("many[].a", "unknown_type"),
        ("named[][]", "unknown_type"),
        ("required", "reserved"),
        ("token", "secret_default"),
    ] == [(fault.path, fault.code) for fault in checked_class(kind)]


def test_a_class_that_holds_itself_is_a_mistake() -> None:
    """Its reference would have no end."""
    assert [("inside[]", "recursive")] == [(fault.path, fault.code) for fault in checked_class(Recursive)]


def test_an_annotation_that_cannot_be_read_is_a_mistake() -> None:
    """A name imported for type checkers only is not there at run time."""
    nowhere: Any = "NowhereAtAll"
    kind: Any = attrs.make_class("Settings", {"odd": attrs.field(type=nowhere)})
    assert [("settings_class", "unreadable")] == [(fault.path, fault.code) for fault in checked_class(kind)]


@pytest.mark.parametrize("kind", [int, str, dict, Odd, "text", None, tuple[int, ...]])
def test_what_is_no_attrs_class_is_a_mistake(kind: Any) -> None:
    """A dataclass or a model of another library is not read."""
    assert [("settings_class", "not_a_class")] == [(fault.path, fault.code) for fault in checked_class(kind)]


def test_a_mistaken_class_is_refused_before_anything_is_read() -> None:
    """The operator's file is not at fault, and the message does not say so."""
    kind: Any = attrs.make_class("Settings", {"odd": attrs.field(type=bytes)})
    with pytest.raises(Invalid) as caught:
        structured(kind, {"odd": 1, "more": 2}, plugin="p")
    assert [("plugins.p.odd", "unknown_type", "p")] == [
        (fault.path, fault.code, fault.plugin) for fault in caught.value.faults
    ]


@attrs.frozen
class Server:
    host: str
    port: int = setting(default=5060, help="Where it listens.")


@settings_class
class Sip:
    url: Url = setting(help="The provider's API.", example="https://sip.example")
    password: Secret = setting(help="From your contract | page 2.")
    main: Server
    timeout: timedelta = timedelta(minutes=5)
    codec: Literal["alaw", "ulaw"] = "alaw"
    servers: tuple[Server, ...] = ()
    named: Mapping[str, Server] = attrs.field(factory=dict[str, Server])
    caller: str | None = None
    seed: str = attrs.field(default=attrs.Factory(lambda self: self.codec, takes_self=True))
    hidden: int = attrs.field(default=0, init=False)


REFERENCE = """\
| setting | type | default | meaning |
|---|---|---|---|
| `url` | URL | required | The provider's API. |
| `password` | secret: {env = "NAME"} or {file = "PATH"} | required | From your contract \\| page 2. |
| `main` | table | required |  |
| `main.host` | text | required |  |
| `main.port` | whole number | `5060` | Where it listens. |
| `timeout` | duration | `"5m"` |  |
| `codec` | one of "alaw", "ulaw" | `"alaw"` |  |
| `servers` | list of table | `[]` |  |
| `servers[].host` | text | required |  |
| `servers[].port` | whole number | `5060` | Where it listens. |
| `named` | table of table | `{}` |  |
| `named.*.host` | text | required |  |
| `named.*.port` | whole number | `5060` | Where it listens. |
| `caller` | text |  |  |
| `seed` | text | `computed` |  |
"""

EXAMPLE = """\
[plugins.sip]
# The provider's API.
url = "https://sip.example"
# From your contract | page 2.
password = {env = "NAME"}
main = {host = "…"}
# timeout = "5m"
# codec = "alaw"
# servers = []
# named = {}
# caller = "…"
# seed = "…"
"""


def test_the_reference_names_every_setting() -> None:
    """It is made from the class, so it cannot fall behind it."""
    assert REFERENCE == reference(Sip)


def test_the_example_is_a_section_to_paste() -> None:
    """What must be given stands there, what may be left out is commented out."""
    assert EXAMPLE == example(Sip, "sip")


def test_the_example_is_taken_as_it_stands_and_with_every_comment_removed() -> None:
    """An operator who changes nothing but the secret starts."""
    lines = [line for line in example(Sip, "sip").splitlines() if not line.startswith("# ") or " = " in line]
    for text in ("\n".join(lines), "\n".join(line.removeprefix("# ") for line in lines)):
        made = structured(Sip, tomllib.loads(text)["plugins"]["sip"], plugin="sip", environ={"NAME": "x"})
        assert ("https://sip.example", "x") == (made.url, made.password.reveal())


def test_a_plugin_without_settings_says_so() -> None:
    """An empty table would look like a mistake."""

    @attrs.frozen
    class Empty:
        pass

    assert () == described(Empty)
    assert "This plugin has no settings.\n" == reference(Empty)
    assert Empty() == structured(Empty, {}, plugin="p")
