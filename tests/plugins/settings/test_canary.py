"""Nothing that was given, and no secret, is found in an error, a log or a report."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import attrs
import cattrs
import pytest

from crmkit import to_builtins
from crmkit.errors import Invalid
from crmkit.plugins.settings import PhoneNumber, Secret, Url, plain, setting, settings_class, structured

CANARY = "hunter2canary"


def _echo(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    message = f"{value!r} is wrong"
    raise ValueError(message)


@attrs.frozen
class Inner:
    name: Literal["a"]


@settings_class
class Every:
    text: str = attrs.field(default="", validator=_echo)
    listed: str = attrs.field(default="a", validator=attrs.validators.in_(["a"]))
    matched: str = attrs.field(default="a", validator=attrs.validators.matches_re("a"))
    converted: str = attrs.field(default="5", converter=lambda text: str(int(text)))
    whole: int = 1
    rate: float = 1.0
    flag: bool = True
    price: Decimal = Decimal(1)
    timeout: timedelta = timedelta(1)
    url: Url = Url("https://a")
    caller: PhoneNumber | None = None
    choice: Literal["a"] = "a"
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    limits: Mapping[str, int] = attrs.field(factory=dict[str, int])
    tags: frozenset[Literal["a"]] = frozenset()
    password: Secret | None = None
    other: Secret | None = None


@settings_class
class Echoing:
    text: str = "a"
    token: Secret | None = None

    def __attrs_post_init__(self) -> None:
        told = self.token.reveal() if self.token else self.text
        try:
            int(told)
        except ValueError as error:
            message = f"no number: {told}"
            raise ValueError(message) from error


GIVEN: dict[str, Any] = {
    "text": CANARY,
    "listed": CANARY,
    "matched": CANARY,
    "converted": CANARY,
    "whole": CANARY,
    "rate": CANARY,
    "flag": CANARY,
    "price": CANARY,
    "timeout": CANARY,
    "url": f"ftp://{CANARY}@host",
    "caller": CANARY,
    "choice": CANARY,
    "inner": {"name": CANARY},
    "inners": [{"name": CANARY}],
    "limits": {"a": CANARY},
    "tags": [CANARY],
    "password": CANARY,
    "other": {"env": CANARY},
    f"{CANARY} of which there is no such setting": 1,
}


def raised(kind: type[Any], given: Any, **more: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        structured(kind, given, plugin="p", **more)
    return caught.value


def shown(error: BaseException) -> str:
    """All that a log, a debugger or an error tracker reads off an exception."""
    chain = "".join(traceback.format_exception(error))
    return "\n".join([str(error), repr(error), repr(error.args), repr(vars(error)), chain])


@pytest.mark.parametrize("key", GIVEN)
def test_an_error_never_tells_what_was_given(key: str) -> None:
    """A password in the wrong place is still a password: the error has no cause, no context and no value."""
    error = raised(Every, {key: GIVEN[key]}, environ={})
    assert CANARY not in shown(error)
    assert (None, None) == (error.__cause__, error.__context__)


def test_all_wrong_values_together_stay_untold() -> None:
    """Also when there are many faults."""
    error = raised(Every, GIVEN, environ={})
    assert len(error.faults) > 10
    assert CANARY not in shown(error)


@pytest.mark.parametrize("given", [{"text": CANARY}, {"token": {"env": "TOKEN"}}])
def test_what_an_author_puts_into_a_message_stays_untold(given: dict[str, Any]) -> None:
    """A plugin's own check may quote a secret without meaning to."""
    error = raised(Echoing, given, environ={"TOKEN": CANARY})
    assert CANARY not in shown(error)
    assert (None, None) == (error.__cause__, error.__context__)


def test_what_a_hosts_keeper_raises_stays_untold() -> None:
    """A vault's client puts URLs and tokens into its errors."""

    def broken(path: str) -> str:
        message = f"vault?token={CANARY}"
        raise RuntimeError(message)

    error = raised(Every, {}, secrets=broken)
    assert CANARY not in shown(error)
    assert {"unavailable"} == {fault.code for fault in error.faults}


@settings_class
class WithSecret:
    token: Secret = setting(help="What the other side gave you.")
    more: tuple[Secret, ...] = ()


WAYS: dict[str, Callable[[Any], str]] = {
    "str": str,
    "repr": repr,
    "format": "{0} {0!r} {0!s:>40}".format,
    "pprint": pprint.pformat,
    "in a list": lambda value: str([value]),
    "JSON": lambda value: json.dumps(value, default=str),
    "a copy": lambda value: repr(copy.deepcopy(value)),
    "cattrs": lambda value: repr(cattrs.unstructure(value)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_shows_itself_in_no_way_of_printing(way: str) -> None:
    """Neither alone nor inside the settings that hold it."""
    secret = Secret(CANARY)
    settings = WithSecret(token=secret, more=(secret,))
    assert CANARY not in WAYS[way](secret) + WAYS[way](settings)


def test_a_secret_is_stars_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """Logging formats late, and by its own rules."""
    logging.getLogger("plugin").warning("token %s %r", Secret(CANARY), Secret(CANARY))
    assert "token *** Secret('***')" == caplog.messages[0]


def test_a_secret_is_stars_in_json() -> None:
    """`to_builtins` shows personal data, but no secret."""
    assert {"a": ["***"]} == to_builtins({"a": [Secret(CANARY)]})
    assert {"token": "***", "more": ["***"]} == plain(WithSecret(token=Secret(CANARY), more=(Secret(CANARY),)))


def test_a_secret_is_not_pickled() -> None:
    """Pickles lie in queues and caches, in plain text."""
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(CANARY))
    with pytest.raises(TypeError, match="not pickled"):
        Secret(CANARY).__getstate__()


def test_a_secret_cannot_be_changed() -> None:
    """Two plugins may hold the same one."""
    secret = Secret(CANARY)
    with pytest.raises(AttributeError):
        secret._text = "other"
    with pytest.raises(AttributeError):
        del secret._text
    assert CANARY == secret.reveal()


def test_secrets_are_compared_by_what_they_hold() -> None:
    """Settings that are the same compare equal; a secret never equals its text."""
    assert Secret("ä\ud800") == Secret("ä\ud800")
    assert Secret("a") != Secret("b")
    assert 1 == len({Secret("a"), Secret("a")})
    assert "a" != Secret("a")


def test_a_secret_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the given one, or from the process's as it is at the time: nothing is kept from before."""
    given = {"token": {"env": "CRMKIT_TEST_TOKEN"}}
    assert "a" == structured(WithSecret, given, plugin="p", environ={"CRMKIT_TEST_TOKEN": "a"}).token.reveal()
    monkeypatch.setenv("CRMKIT_TEST_TOKEN", "b")
    assert "b" == structured(WithSecret, given, plugin="p").token.reveal()
    monkeypatch.setenv("CRMKIT_TEST_TOKEN", "c")
    assert "c" == structured(WithSecret, given, plugin="p").token.reveal()
    monkeypatch.setenv("CRMKIT_TEST_TOKEN", "")
    assert ["missing_variable"] == [fault.code for fault in raised(WithSecret, given).faults]


@pytest.mark.parametrize(
    ("octets", "text"), [(b"a", "a"), (b"a\n", "a"), (b"a\r\n", "a"), (b"a\n\n", "a\n"), (b" a b ", " a b ")]
)
def test_a_secret_is_read_from_a_file_without_its_last_newline(tmp_path: Path, octets: bytes, text: str) -> None:
    """An editor writes one; whatever else is in the file belongs to the secret."""
    file = tmp_path / "token"
    file.write_bytes(octets)
    assert text == structured(WithSecret, {"token": {"file": str(file)}}, plugin="p").token.reveal()


@pytest.mark.parametrize(
    ("octets", "code"),
    [(b"", "empty_secret"), (b"\n", "empty_secret"), (b"\xff", "not_text"), (b"a" * 65_537, "empty_secret")],
)
def test_a_file_that_holds_no_secret_is_a_fault(tmp_path: Path, octets: bytes, code: str) -> None:
    """An empty password would be sent, and refused elsewhere; `/dev/zero` would fill the memory."""
    file = tmp_path / "token"
    file.write_bytes(octets)
    assert [code] == [fault.code for fault in raised(WithSecret, {"token": {"file": str(file)}}).faults]


def test_a_host_may_give_secrets_itself() -> None:
    """Its keeper is asked by path for what the file does not refer to, and only then."""
    asked: list[str] = []

    def keeper(path: str) -> str | None:
        asked.append(path)
        return "kept" if path == "plugins.p.token" else None

    assert "kept" == structured(WithSecret, {}, plugin="p", secrets=keeper).token.reveal()
    given = {"token": {"env": "A"}}
    assert "own" == structured(WithSecret, given, plugin="p", secrets=keeper, environ={"A": "own"}).token.reveal()
    assert ["plugins.p.token"] == asked
    assert ["missing"] == [fault.code for fault in raised(WithSecret, {}, secrets=dict[str, str]().get).faults]
    assert ["empty_secret"] == [
        fault.code for fault in raised(WithSecret, {}, secrets={"plugins.p.token": ""}.get).faults
    ]
