"""From a request to a response, whichever server asked: what WSGI and ASGI have in common."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from inspect import iscoroutine
from typing import Any

import attrs

from crmkit.errors import (
    Conflict,
    Invalid,
    Rejected,
    SignatureInvalid,
    StorageBusy,
    StorageFull,
    StorageUnreachable,
)
from crmkit.plugins.endpoints import Endpoint, Request, Response

#: What the running plugins answer, by plugin and endpoint name; asked for each request, so it should be at hand.
Endpoints = Callable[[], Mapping[tuple[str, str], Endpoint]]
_TRY_AGAIN = (Conflict, StorageBusy, StorageFull, StorageUnreachable)
logger = logging.getLogger("crmkit")


def refusal(status: int, error: str, headers: Mapping[str, str] | None = None) -> Response:
    """A response that says no more than a code."""
    return Response.json({"error": error}, status, headers)


BAD_LENGTH = refusal(400, "bad_length")
TOO_LARGE = refusal(413, "too_large")


@attrs.frozen
class Found:
    """An endpoint that will answer, once its request's body is there."""

    plugin: str
    endpoint: Endpoint

    def respond(self, request: Request) -> Response:
        """Verify and handle; never raises. What went wrong inside is logged by ids and never told."""
        verified = False
        try:
            if self.endpoint.verify is not None:
                self.endpoint.verify(request)
            verified = True
            given: Any = self.endpoint.handle(request)
        except SignatureInvalid:
            return _unauthorized()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever a plugin raises, the server stays up
            return self._failed(error, verified=verified)
        if isinstance(given, Response):
            return given
        if iscoroutine(given):
            given.close()
        return self._unexpected(type(given).__name__)

    def _failed(self, error: BaseException, *, verified: bool) -> Response:
        if isinstance(error, PermissionError) and not verified:
            return _unauthorized()
        if isinstance(error, _TRY_AGAIN):
            what = type(error).__name__
            logger.warning("Endpoint %s/%s could not answer yet: %s", self.plugin, self.endpoint.name, what)
            return refusal(503, "try_again", {"Retry-After": "1"})
        # A secret that verify cannot use is no fault of who asks, and none of their business.
        if isinstance(error, Invalid) and verified:
            faults = [{"path": one.path, "code": one.code, "message": one.message} for one in error.faults]
            return Response.json({"error": "invalid", "faults": faults}, 422)
        if isinstance(error, Rejected) and verified:  # a policy's words may be about a person
            return refusal(422, "rejected")
        return self._unexpected(type(error).__name__)

    def _unexpected(self, what: str) -> Response:
        logger.error("Endpoint %s/%s failed: %s", self.plugin, self.endpoint.name, what)
        return refusal(500, "internal")


def find(endpoints: Endpoints, method: str, path: str) -> Found | Response:
    """Say who answers, or what is answered before anybody reads a body: 204 to OPTIONS, 404, 405."""
    try:
        known = endpoints()
    except Exception as error:  # noqa: BLE001  # of a host that has just stopped, say
        logger.error("The plugins' endpoints could not be listed: %s", type(error).__name__)  # noqa: TRY400
        return refusal(500, "internal")
    parts = path.split("/", 3)
    if len(parts) != 3 or parts[0] or (endpoint := known.get((parts[1], parts[2]))) is None:
        return refusal(404, "not_found")
    if method == "OPTIONS":
        return Response(204, headers=_allowed(endpoint))
    if ("GET" if method == "HEAD" else method) not in endpoint.methods:
        return refusal(405, "method_not_allowed", _allowed(endpoint))
    return Found(parts[1], endpoint)


def declared_length(length: str | None, encoding: str | None, most: int) -> int | Response | None:
    """
    How long the body will be: None if nobody said, a response if it may not be.

    A length beside a transfer encoding is how one request is smuggled inside another (RFC 9112, section 6.1).
    """
    if not length:
        return None
    if encoding or not (length.isascii() and length.isdigit()):
        return BAD_LENGTH
    if len(length) > 18 or int(length) > most:
        return TOO_LARGE
    return int(length)


def sent(response: Response, method: str) -> tuple[list[tuple[str, str]], bytes]:
    """The header fields and the body that go out."""
    fields = list(response.headers.pairs)
    if response.status in {204, 304}:
        return fields, b""
    fields += [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
    return fields, b"" if method == "HEAD" else response.body


def _allowed(endpoint: Endpoint) -> dict[str, str]:
    head = ["HEAD"] if "GET" in endpoint.methods else []
    return {"Allow": ", ".join([*endpoint.methods, *head, "OPTIONS"])}


def _unauthorized() -> Response:
    return refusal(401, "unauthorized", {"WWW-Authenticate": "Signature"})
