"""Four ways into the endpoints of plugins: called directly, and through real servers on the loopback interface."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import attrs
import uvicorn

from crmkit.http import Endpoints, asgi_app, wsgi_app
from crmkit.plugins.endpoints import Endpoint
from crmkit.plugins.headers import Headers


@attrs.frozen
class Answered:
    """What a door answered."""

    status: int
    headers: Headers
    body: bytes


class Door:
    """A way in: the endpoints behind it may be changed at any time."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.known: Endpoints = dict
        self.port = 0

    def open(self, *endpoints: Endpoint) -> None:
        """Stand for a host whose one plugin, `shop`, has these."""
        known = {("shop", one.name): one for one in endpoints}
        self.known = lambda: known

    def listed(self) -> Mapping[tuple[str, str], Endpoint]:
        """What stands behind the door right now."""
        return self.known()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        chunked: bool = False,
    ) -> Answered:
        """Ask as a stranger would; *path* may bring a query."""
        given = dict(headers or {})
        if chunked:
            given["Transfer-Encoding"] = "chunked"
        elif body and "Content-Length" not in given:
            given["Content-Length"] = str(len(body))
        if self.port:
            return self._over_the_wire(method, path, body, given, chunked=chunked)
        route, _, query = path.partition("?")
        if self.kind == "wsgi":
            return self._wsgi(method, (route, query), body, given)
        return self._asgi(method, (route, query), body, given)

    def _over_the_wire(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, chunked: bool
    ) -> Answered:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            with suppress(ConnectionError):  # a server may answer and hang up before it has read everything
                connection.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body)
            response = connection.getresponse()
            return Answered(response.status, Headers(response.getheaders()), response.read())
        finally:
            connection.close()

    def _wsgi(self, method: str, asked: tuple[str, str], body: bytes, headers: Mapping[str, str]) -> Answered:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": asked[0],
            "QUERY_STRING": asked[1],
        }
        setup_testing_defaults(environ)
        environ |= {"wsgi.input": io.BytesIO(body), "REMOTE_ADDR": "127.0.0.1"}
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
        return called_wsgi(validator(wsgi_app(self.listed)), environ)

    def _asgi(self, method: str, asked: tuple[str, str], body: bytes, headers: Mapping[str, str]) -> Answered:
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        scope = {
            "type": "http", "method": method, "path": asked[0], "query_string": asked[1].encode(), "headers": pairs,
            "client": ("127.0.0.1", 1),
        }  # fmt: skip
        said = asyncio.run(called(self.known, scope, in_parts(body)))
        start, whole = said
        fields = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]])
        return Answered(start["status"], fields, whole["body"])


def called_wsgi(app: Any, environ: dict[str, Any]) -> Answered:
    """Call a WSGI app as a server would."""
    said: list[Any] = []

    def start_response(status: str, fields: list[tuple[str, str]], failed: Any = None) -> Callable[[bytes], object]:
        said[:] = [int(status[:3]), Headers(fields)]
        return lambda _: None

    parts = app(environ, start_response)
    try:
        whole = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return Answered(said[0], said[1], whole)


def in_parts(body: bytes) -> list[dict[str, Any]]:
    """A body as ASGI servers hand it over: in pieces."""
    parts = [body[at : at + 3] for at in range(0, len(body), 3)] or [b""]
    told = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    return [*told[:-1], {**told[-1], "more_body": False}]


async def called(
    endpoints: Endpoints,
    scope: MutableMapping[str, Any],
    told: Iterable[MutableMapping[str, Any]],
) -> list[MutableMapping[str, Any]]:
    """Call the ASGI app with what a server would tell it, and return what it sent."""
    waiting, said = iter(told), list[MutableMapping[str, Any]]()

    async def receive() -> MutableMapping[str, Any]:
        return next(waiting)

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    await asgi_app(endpoints)(scope, receive, send)
    return said


@contextmanager
def opened(kind: str) -> Generator[Door]:
    """A door of a kind: `wsgi` and `asgi` are called, `simple_server` and `uvicorn` serve."""
    door = Door(kind)
    if kind == "simple_server":
        with make_server("127.0.0.1", 0, validator(wsgi_app(door.listed)), handler_class=_Quiet) as server:
            door.port = server.server_port
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield door
            server.shutdown()
            thread.join()
    elif kind == "uvicorn":
        with socket.create_server(("127.0.0.1", 0)) as listening:
            door.port = listening.getsockname()[1]
            config = uvicorn.Config(
                asgi_app(door.listed),
                ws="none", lifespan="on", log_config=None, access_log=False,
            )  # fmt: skip
            server_of_uvicorn = uvicorn.Server(config)
            thread = threading.Thread(target=server_of_uvicorn.run, kwargs={"sockets": [listening]})
            thread.start()
            yield door
            server_of_uvicorn.should_exit = True
            thread.join()
    else:
        yield door


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """A test run is no access log."""
