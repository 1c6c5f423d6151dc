"""The door for ASGI servers and frameworks: uvicorn, Starlette, FastAPI."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from crmkit.http.serving import BAD_LENGTH, TOO_LARGE, Endpoints, declared_length, find, sent
from crmkit.plugins.endpoints import Request, Response
from crmkit.plugins.headers import Headers

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApplication = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]


def asgi_app(endpoints: Endpoints) -> ASGIApplication:
    """
    Answer at `/<plugin>/<endpoint>` for every plugin that runs, exactly as `wsgi_app` does.

    Endpoints are plain functions and may wait for a database, so each runs in a worker thread.

    >>> from crmkit.plugins.endpoints import Endpoint
    >>> app = asgi_app(lambda: {("forms", "ping"): Endpoint("ping", lambda _: Response.text("pong"), ("GET",))})
    >>> async def receive(): return {"type": "http.request"}
    >>> async def send(message): print(message.get("status") or message.get("body"))
    >>> asyncio.run(app({"type": "http", "method": "GET", "path": "/forms/ping"}, receive, send))
    200
    b'pong'
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] == "http":
            response = await _answered(endpoints, scope, receive)
            if response is not None:
                await _send(response, scope["method"], send)

    return app


async def _live(receive: Receive, send: Send) -> None:
    """Plugins start and stop with their CRM; there is nothing of ours to wait for."""
    while True:
        told = await receive()
        await send({"type": f"{told['type']}.complete"})
        if told["type"] == "lifespan.shutdown":
            return


async def _answered(endpoints: Endpoints, scope: Message, receive: Receive) -> Response | None:
    """None when who asked has gone."""
    path, method = _path(scope), str(scope["method"])
    found = find(endpoints, method, path)
    if isinstance(found, Response):
        return found
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope.get("headers") or ()]
    headers = Headers(pairs)
    body = await _body(headers, found.endpoint.max_body, receive)
    if not isinstance(body, bytes):
        return body
    query, client = (scope.get("query_string") or b"").decode("utf-8", "replace"), (scope.get("client") or ("",))[0]
    asked = Request("GET" if method == "HEAD" else method, path, query, headers, body, client)
    return await asyncio.to_thread(found.respond, asked)


def _path(scope: Message) -> str:
    """The path below where we are mounted; some frameworks have cut `root_path` off already, some have not."""
    return str(scope["path"]).removeprefix(str(scope.get("root_path") or "").rstrip("/"))


async def _body(headers: Headers, most: int, receive: Receive) -> bytes | Response | None:
    """The body, received no further than its limit; None when who sends it has gone."""
    length = declared_length(headers.get("content-length"), headers.get("transfer-encoding"), most)
    if isinstance(length, Response):
        return length
    body, more = bytearray(), True
    while more:
        told = await receive()
        if told["type"] == "http.disconnect":
            return None
        body += told.get("body") or b""
        more = bool(told.get("more_body"))
        if len(body) > most:
            return TOO_LARGE
    return bytes(body) if length in {None, len(body)} else BAD_LENGTH


async def _send(response: Response, method: str, send: Send) -> None:
    fields, body = sent(response, method)
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    try:
        await send({"type": "http.response.start", "status": response.status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})
    except OSError:
        return  # who asked has gone; what was done stays done
