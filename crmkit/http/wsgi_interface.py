"""The door for WSGI servers and frameworks: gunicorn, mod_wsgi, Flask, Django."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from crmkit.http.serving import BAD_LENGTH, TOO_LARGE, Endpoints, declared_length, find, refusal, sent
from crmkit.plugins.endpoints import Request, Response
from crmkit.plugins.headers import Headers

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_PHRASES = {int(status): status.phrase for status in HTTPStatus}
_PART = 1 << 16


def wsgi_app(endpoints: Endpoints) -> WSGIApplication:
    """
    Answer at `/<plugin>/<endpoint>` for every plugin that runs; mount it where others may reach it.

    Whatever comes, it answers: strangers meet 400, 401, 404, 405, 413 or 422, a plugin's failure is 500 and a line
    in the log. It limits bodies as each endpoint says; what time a request may take is the server's to limit.

    >>> from crmkit.plugins.endpoints import Endpoint
    >>> app = wsgi_app(lambda: {("forms", "ping"): Endpoint("ping", lambda _: Response.text("pong"), ("GET",))})
    >>> asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/forms/ping"}
    >>> app(asked, lambda status, headers: print(status))
    200 OK
    [b'pong']
    """

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = str(environ.get("REQUEST_METHOD", ""))
        response = _answered(endpoints, method, environ)
        fields, body = sent(response, method)
        start_response(f"{response.status} {_PHRASES.get(response.status, 'Unnamed')}", fields)
        return [body]

    return app


def _answered(endpoints: Endpoints, method: str, environ: dict[str, Any]) -> Response:
    path = _text(environ.get("PATH_INFO", ""))
    found = find(endpoints, method, path)
    if isinstance(found, Response):
        return found
    body = _body(environ, found.endpoint.max_body)
    if isinstance(body, Response):
        return body
    asked = "GET" if method == "HEAD" else method
    query, client = _text(environ.get("QUERY_STRING", "")), str(environ.get("REMOTE_ADDR", ""))
    return found.respond(Request(asked, path, query, Headers(_headers(environ)), body, client))


def _text(given: str) -> str:
    """WSGI hands over bytes as Latin-1; URLs are UTF-8."""
    return given.encode("latin-1", "replace").decode("utf-8", "replace")


def _headers(environ: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in environ.items():
        name = key.removeprefix("HTTP_")
        if name != key or (key in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value):
            yield name.replace("_", "-").lower(), str(value)


def _body(environ: dict[str, Any], most: int) -> bytes | Response:
    """The body, read no further than its limit; a server that takes chunks apart says so (`wsgi.input_terminated`)."""
    encoding = environ.get("HTTP_TRANSFER_ENCODING")
    length = declared_length(environ.get("CONTENT_LENGTH"), encoding, most)
    if isinstance(length, Response):
        return length
    if length is None:
        if not encoding:
            return b""
        if not environ.get("wsgi.input_terminated"):
            return refusal(411, "length_required")
    wanted = most + 1 if length is None else length
    try:
        body = b"".join(_read(environ["wsgi.input"], wanted))
    except (OSError, ValueError):  # who sent it has gone, or sent broken chunks
        return BAD_LENGTH
    if length is not None and len(body) != length:
        return BAD_LENGTH
    return body if len(body) <= most else TOO_LARGE


def _read(stream: Any, left: int) -> Iterator[bytes]:
    while left and (part := stream.read(min(left, _PART))):
        yield part
        left -= len(part)
