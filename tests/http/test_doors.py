from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Coroutine, MutableMapping
from typing import Any

import pytest
from doors import called, called_wsgi, in_parts, opened
from hypothesis import given, strategies as st

from crmkit.http import asgi_app, wsgi_app
from crmkit.plugins.endpoints import Endpoint, Request, Response

Message = MutableMapping[str, Any]
KNOWN = {
    ("shop", "in"): Endpoint("in", lambda request: Response(200, request.body[::-1]), max_body=20),
    ("shop", "form"): Endpoint("form", lambda request: Response.json([request.form(), request.parameters()])),
    ("shop", "json"): Endpoint("json", lambda request: Response.json(request.json()), ("GET", "PUT")),
}
METHODS = st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS"]) | st.text(max_size=8)
PATHS = st.sampled_from(["/shop/in", "/shop/form", "/shop/json", "/shop/", "//", ""]) | st.text(max_size=20)
NAMES = st.sampled_from(["content-length", "transfer-encoding", "content-type", "host"]) | st.text(max_size=8)
VALUES = st.sampled_from(["", "0", "3", "-1", "99", "chunked", "text/plain"]) | st.text(max_size=8)


def http(path: str = "/shop/in", method: str = "POST", **more: Any) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [], **more}


@given(METHODS, PATHS, st.text(max_size=10), st.dictionaries(NAMES, VALUES, max_size=3), st.binary(max_size=40))
def test_whatever_comes_through_wsgi_is_answered(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    """Servers hand over what strangers send; nothing of it may raise."""
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ |= {"CONTENT_LENGTH": headers.get("content-length"), "wsgi.input": io.BytesIO(body)}
    assert 200 <= called_wsgi(wsgi_app(lambda: KNOWN), environ).status < 600


@given(
    METHODS,
    PATHS,
    st.binary(max_size=10),
    st.lists(st.tuples(st.binary(max_size=9) | NAMES.map(str.encode), st.binary(max_size=9) | VALUES.map(str.encode))),
    st.binary(max_size=40),
)
def test_whatever_comes_through_asgi_is_answered(
    method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """The same, byte for byte."""
    scope = http(path, method, query_string=query, headers=headers)
    start, rest = asyncio.run(called(lambda: KNOWN, scope, in_parts(body)))
    assert isinstance(rest["body"], bytes)
    assert 200 <= start["status"] < 600


def test_a_handler_may_wait_without_keeping_others_waiting() -> None:
    """Handlers are plain functions and may wait for a database: each has a thread to itself."""
    meeting = threading.Barrier(3, timeout=20)
    names = set[str]()

    def meet(request: Request) -> Response:
        meeting.wait()
        names.add(threading.current_thread().name)
        return Response()

    async def three() -> list[int]:
        known = {("shop", "in"): Endpoint("in", meet)}
        said = await asyncio.gather(*(called(lambda: known, http(), in_parts(b"x")) for _ in range(3)))
        return [one[0]["status"] for one in said]

    assert [200] * 3 == asyncio.run(three())
    assert 3 == len(names - {threading.main_thread().name})


def test_starting_and_stopping_are_answered() -> None:
    """A server that waits for us to start would wait for ever."""
    told = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    said = asyncio.run(called(lambda: KNOWN, {"type": "lifespan"}, told))
    assert ["lifespan.startup.complete", "lifespan.shutdown.complete"] == [one["type"] for one in said]


def test_a_websocket_is_turned_away() -> None:
    """There is nothing here to talk to."""
    said = asyncio.run(called(lambda: KNOWN, {"type": "websocket", "path": "/shop/in"}, []))
    assert ["websocket.close"] == [one["type"] for one in said]


def test_who_hangs_up_while_sending_has_asked_for_nothing() -> None:
    """Half a body is no request: the handler never hears of it."""
    came = list[Request]()
    known = {("shop", "in"): Endpoint("in", lambda request: Response.text(str(came.append(request))))}  # type: ignore[func-returns-value]
    told: list[Message] = [{"type": "http.request", "body": b"ab", "more_body": True}, {"type": "http.disconnect"}]
    assert ([], []) == (asyncio.run(called(lambda: known, http(), told)), came)


def test_who_hangs_up_before_the_answer_harms_nobody() -> None:
    """Servers say it by an `OSError` out of `send`; what was done stays done."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"abc"}

    async def gone(message: Message) -> None:
        raise BrokenPipeError

    calling: Coroutine[Any, Any, None] = asgi_app(lambda: KNOWN)(http(), receive, gone)
    asyncio.run(calling)


@pytest.mark.parametrize(
    ("root", "path", "status"),
    [
        ("", "/shop/in", 200),
        ("/crm", "/crm/shop/in", 200),
        ("/crm", "/shop/in", 200),
        ("/crm/", "/crm/shop/in", 200),
        ("/shop", "/shop/shop/in", 200),
        ("/crm", "/crmshop/in", 404),
        ("", "/crm/shop/in", 404),
    ],
)
def test_it_answers_below_where_it_is_mounted(root: str, path: str, status: int) -> None:
    """Frameworks differ in whether the path they hand on still holds the mount."""
    start, _ = asyncio.run(called(lambda: KNOWN, http(path, root_path=root), in_parts(b"abc")))
    assert status == start["status"]


def test_a_wsgi_server_that_takes_chunks_apart_may_leave_the_length_out() -> None:
    """It says so by `wsgi.input_terminated`; the limit holds all the same."""

    def posted(body: bytes) -> tuple[int, bytes]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/shop/in", "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input_terminated": True, "wsgi.input": io.BytesIO(body),
        }  # fmt: skip
        answer = called_wsgi(wsgi_app(lambda: KNOWN), environ)
        return answer.status, answer.body

    assert (200, b"cba") == posted(b"abc")
    assert (200, b"x" * 20) == posted(b"x" * 20)
    assert 413 == posted(b"x" * 21)[0]


def test_a_body_that_cannot_be_read_is_a_bad_request() -> None:
    """Who sends it has gone, or sent broken chunks: nothing of ours failed."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/shop/in", "CONTENT_LENGTH": "3", "wsgi.input": Broken(),
    }  # fmt: skip
    assert 400 == called_wsgi(wsgi_app(lambda: KNOWN), environ).status


def test_no_more_is_read_than_the_limit() -> None:
    """A stranger's gigabyte stays in the stranger's hands."""

    class Endless(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.taken += size or 0
            return b"x" * (size or 0)

    body = Endless()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/shop/in", "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True, "wsgi.input": body,
    }  # fmt: skip
    assert 413 == called_wsgi(wsgi_app(lambda: KNOWN), environ).status
    asked = 0

    async def receive() -> Message:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"x" * 10, "more_body": True}

    async def send(message: Message) -> None:
        pass

    asyncio.run(asgi_app(lambda: KNOWN)(http(), receive, send))
    assert (21, 3) == (body.taken, asked)


def test_a_real_server_goes_on_after_every_kind_of_refusal() -> None:
    """One stranger's request must not spoil the next one's."""
    for kind in ("simple_server", "uvicorn"):
        with opened(kind) as door:
            door.open(*KNOWN.values())
            for length in (21, 1 << 16, 1 << 20):
                assert 413 == door.ask("POST", "/shop/in", b"x" * length).status
            assert b"cba" == door.ask("POST", "/shop/in", b"abc").body
