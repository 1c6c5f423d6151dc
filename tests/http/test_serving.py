from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator
from typing import Any

import attrs
import pytest
from doors import Door, opened

from crmkit.errors import (
    Conflict,
    ContactRefused,
    Fault,
    Invalid,
    NotFound,
    Rejected,
    SignatureInvalid,
    StorageBusy,
)
from crmkit.http.serving import declared_length
from crmkit.plugins.endpoints import Endpoint, Request, Response

KINDS = ["wsgi", "asgi", "simple_server", "uvicorn"]
CANARY = "Lovelace"


@pytest.fixture(scope="module", params=KINDS)
def kept(request: pytest.FixtureRequest) -> Generator[Door]:
    """Every test runs through all four: what a stranger meets must not depend on the server."""
    with opened(request.param) as door:
        yield door


@pytest.fixture
def door(kept: Door) -> Door:
    kept.open()
    return kept


def pong(request: Request) -> Response:
    return Response.text("pong", headers={"X-Shop": "1"})


def raising(error: BaseException) -> Callable[[Request], Any]:
    def fail(request: Request) -> Any:
        raise error

    return fail


def test_a_request_arrives_as_it_was_sent(door: Door) -> None:
    """Raw bytes above all: a signature is over every one of them."""
    came = list[Request]()

    def keep(request: Request) -> Response:
        came.append(request)
        return Response.json({"length": len(request.body)}, 201, {"X-Id": "7"})

    door.open(Endpoint("orders", keep))
    body = b"\x00\xff{ } \r\n" * 20
    answer = door.ask("POST", "/shop/orders?a=1&b=%C3%A9", body, {"X-Key": "k", "Content-Type": "text/x"})
    assert (201, "7", {"length": len(body)}) == (answer.status, answer.headers["x-id"], json.loads(answer.body))
    assert ("application/json", str(len(answer.body))) == (
        answer.headers["content-type"],
        answer.headers["content-length"],
    )
    (request,) = came
    assert ("POST", "/shop/orders", "a=1&b=%C3%A9", body, "127.0.0.1") == attrs.astuple(
        attrs.evolve(request, headers={}), filter=lambda field, _: field.name != "headers"
    )
    assert ("k", "text/x") == (request.headers["X-KEY"], request.headers["content-type"])


@pytest.mark.parametrize(
    "path",
    ["/", "/shop", "/shop/", "/shop/none", "/shop/ping/", "/shop/ping/a", "/a/shop/ping", "/other/ping", "/SHOP/ping"],
)
def test_what_is_nobodys_is_not_found(door: Door, path: str) -> None:
    """A plugin and a name, exactly; nothing tells which plugins there are."""
    door.open(Endpoint("ping", pong, ("GET",)))
    answer = door.ask("GET", path)
    assert (404, {"error": "not_found"}) == (answer.status, json.loads(answer.body))


@pytest.mark.parametrize(
    ("methods", "asked", "allow"),
    [
        (("POST",), "GET", "POST, OPTIONS"),
        (("POST",), "HEAD", "POST, OPTIONS"),
        (("GET",), "POST", "GET, HEAD, OPTIONS"),
        (("GET", "PUT"), "DELETE", "GET, PUT, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_is_not_allowed_says_which_are(
    door: Door, methods: tuple[str, ...], asked: str, allow: str
) -> None:
    """RFC 9110, section 15.5.6; the handler is not troubled."""
    door.open(Endpoint("ping", raising(AssertionError()), methods))
    answer = door.ask(asked, "/shop/ping")
    assert (405, allow) == (answer.status, answer.headers["allow"])


def test_options_are_answered_without_a_handler(door: Door) -> None:
    """It says what could be asked."""
    door.open(Endpoint("ping", raising(AssertionError()), ("GET", "POST")))
    answer = door.ask("OPTIONS", "/shop/ping")
    assert (204, "GET, POST, HEAD, OPTIONS", b"") == (answer.status, answer.headers["allow"], answer.body)


def test_head_is_get_without_the_body(door: Door) -> None:
    """The handler sees a GET; the asker sees its headers and length."""
    came = list[str]()

    def keep(request: Request) -> Response:
        came.append(request.method)
        return pong(request)

    door.open(Endpoint("ping", keep, ("GET",)))
    answer = door.ask("HEAD", "/shop/ping")
    assert (200, "1", "4", b"") == (
        answer.status,
        answer.headers["x-shop"],
        answer.headers["content-length"],
        answer.body,
    )
    assert ["GET"] == came


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_is_sent_without_one(door: Door, status: int) -> None:
    """RFC 9110, section 6.4.1."""
    door.open(Endpoint("ping", lambda _: Response(status, b"no"), ("GET",)))
    answer = door.ask("GET", "/shop/ping")
    assert (status, b"", False) == (answer.status, answer.body, "content-type" in answer.headers)


def test_a_body_is_taken_up_to_its_limit(door: Door) -> None:
    """The endpoint's own; beyond it nothing is handed on."""
    came = list[int]()

    def keep(request: Request) -> Response:
        came.append(len(request.body))
        return Response()

    door.open(Endpoint("in", keep, max_body=10))
    assert [200, 200, 413] == [door.ask("POST", "/shop/in", b"x" * length).status for length in (0, 10, 11)]
    assert [0, 10] == came


def test_a_chunked_body_is_limited_as_well(door: Door) -> None:
    """Nobody said how long it would be, so it is counted; a WSGI server that leaves chunks to us is told to say."""
    door.open(Endpoint("in", lambda request: Response.text(request.body.decode()), max_body=10))
    answers = [door.ask("POST", "/shop/in", b"x" * length, chunked=True) for length in (10, 11)]
    wanted = [411, 411] if door.kind in {"wsgi", "simple_server"} else [200, 413]
    assert wanted == [answer.status for answer in answers]


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("-1", 400), ("+3", 400), ("3, 3", 400), ("٣", 400), ("\xb3", 400), ("0x3", 400), ("3.0", 400), ("1_0", 400),
        (" 3", 400), ("11", 413), ("9" * 30, 413), ("9" * 5000, 413),
    ],
)  # fmt: skip
def test_a_length_that_is_none_is_refused(length: str, status: int) -> None:
    """Two readers of one length are how a request is smuggled inside another; servers differ in what they let pass."""
    answer = declared_length(length, None, 10)
    assert isinstance(answer, Response)
    assert status == answer.status


@pytest.mark.parametrize(
    ("kind", "length", "status"), [("wsgi", "5", 400), ("asgi", "5", 400), ("wsgi", "2", 200), ("asgi", "2", 400)]
)
def test_a_body_of_another_length_than_declared_is_refused(kind: str, length: str, status: int) -> None:
    """Cut short, it is not what was signed; of one too long a WSGI app reads what was declared, the rest is not ours."""
    with opened(kind) as door:
        door.open(Endpoint("in", lambda request: Response(200, request.body)))
        answer = door.ask("POST", "/shop/in", b"abc", {"Content-Length": length})
        assert (status, status == 200) == (answer.status, answer.body == b"ab")


def test_a_length_beside_a_transfer_encoding_is_refused() -> None:
    """RFC 9112, section 6.1."""
    for kind in ("wsgi", "asgi"):
        with opened(kind) as door:
            door.open(Endpoint("in", raising(AssertionError())))
            assert 400 == door.ask("POST", "/shop/in", b"abc", {"Content-Length": "3"}, chunked=True).status


@pytest.mark.parametrize("error", [SignatureInvalid("unknown_signature"), PermissionError(CANARY)])
def test_whom_verify_does_not_know_is_unauthorized(door: Door, error: Exception) -> None:
    """And the handler never hears of it."""
    door.open(Endpoint("in", raising(AssertionError()), verify=raising(error)))
    answer = door.ask("POST", "/shop/in", b"{}")
    assert (401, {"error": "unauthorized"}, "Signature") == (
        answer.status,
        json.loads(answer.body),
        answer.headers["www-authenticate"],
    )


def test_verify_sees_the_request_before_the_handler(door: Door) -> None:
    """Whoever passes is handled, with the same request."""
    came = list[Request]()
    door.open(Endpoint("in", lambda request: Response.text(str(came[0] is request)), verify=came.append))
    assert b"True" == door.ask("POST", "/shop/in", b"{}").body


def test_invalid_input_comes_back_with_every_fault(door: Door) -> None:
    """A form shows them beside its fields."""
    error = Invalid(Fault("phone", "not_a_phone", "Give a phone number."), Fault("name", "empty", "Give a name."))
    door.open(Endpoint("in", raising(error)))
    answer = door.ask("POST", "/shop/in", b"{}")
    faults = [
        {"path": "phone", "code": "not_a_phone", "message": "Give a phone number."},
        {"path": "name", "code": "empty", "message": "Give a name."},
    ]
    assert (422, {"error": "invalid", "faults": faults}) == (answer.status, json.loads(answer.body))


def test_a_policys_words_are_not_for_strangers(door: Door) -> None:
    """What it objects to may be about a person."""
    door.open(Endpoint("in", raising(Rejected(Fault("client", "legal_hold", f"{CANARY} is on hold.")))))
    answer = door.ask("POST", "/shop/in", b"{}")
    assert (422, {"error": "rejected"}) == (answer.status, json.loads(answer.body))


@pytest.mark.parametrize("error", [Conflict("client", "7"), StorageBusy()])
def test_what_may_work_in_a_moment_is_to_be_tried_again(
    door: Door, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Senders of webhooks try again on 503, and would give up on 409."""
    door.open(Endpoint("in", raising(error)))
    answer = door.ask("POST", "/shop/in", b"{}")
    assert (503, "1") == (answer.status, answer.headers["retry-after"])
    assert [f"Endpoint shop/in could not answer yet: {type(error).__name__}"] == _logged(caplog)


def broken(request: Request) -> Response:
    return Response(200, headers={"A": "b\r\nSet-Cookie: c"})


def giving(value: Any) -> Callable[[Request], Any]:
    return lambda _: value


def later(request: Request) -> Any:
    async def answer() -> Response:
        return Response()

    return answer()


@pytest.mark.parametrize(
    ("handle", "what"),
    [
        (raising(ZeroDivisionError(CANARY)), "ZeroDivisionError"),
        (raising(SystemExit(CANARY)), "SystemExit"),
        (raising(NotFound("client", CANARY)), "NotFound"),
        (raising(ContactRefused("refused")), "ContactRefused"),
        (raising(PermissionError(CANARY)), "PermissionError"),
        (raising(RecursionError()), "RecursionError"),
        (broken, "ValueError"),
        (giving(None), "NoneType"),
        (giving(CANARY), "str"),
        (later, "coroutine"),
    ],
    ids=range(10),
)
def test_a_plugins_failure_is_logged_by_ids_and_never_told(
    door: Door, handle: Any, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The stranger learns nothing, the operator where to look, and the server stays up."""
    door.open(Endpoint("in", handle))
    answer = door.ask("POST", "/shop/in", CANARY.encode(), {"X-Name": CANARY})
    assert (500, {"error": "internal"}) == (answer.status, json.loads(answer.body))
    assert [f"Endpoint shop/in failed: {what}"] == _logged(caplog)
    assert CANARY not in caplog.text + str(answer.headers.pairs)


def test_a_secret_that_is_none_is_not_the_strangers_fault(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """`Invalid` out of `verify` is about the plugin's own settings."""
    error = Invalid(Fault("secrets", "not_a_secret", "Give one secret or more."))
    door.open(Endpoint("in", raising(AssertionError()), verify=raising(error)))
    answer = door.ask("POST", "/shop/in", b"{}")
    assert (500, {"error": "internal"}) == (answer.status, json.loads(answer.body))
    assert ["Endpoint shop/in failed: Invalid"] == _logged(caplog)


def test_a_host_that_has_stopped_answers_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """Listing the endpoints may fail; serving may not."""

    def stopped() -> dict[tuple[str, str], Endpoint]:
        raise RuntimeError(CANARY)

    for kind in ("wsgi", "asgi"):
        with opened(kind) as door:
            door.known = stopped
            assert 500 == door.ask("GET", "/shop/ping").status
    assert ["The plugins' endpoints could not be listed: RuntimeError"] * 2 == _logged(caplog)


def _logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "crmkit" and one.levelno >= logging.WARNING]
