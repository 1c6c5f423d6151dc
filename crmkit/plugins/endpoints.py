"""What a plugin answers over HTTP, without knowing which server asks: a request in, a response out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import parse_qsl

import attrs

from crmkit.errors import Fault, Invalid
from crmkit.plugins.headers import Headers, masked, unsendable

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_MOST_FIELDS = 1000
_OURS = frozenset({
    "connection", "content-length", "content-type", "date", "keep-alive", "server", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
_is_name = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*").fullmatch


@attrs.frozen
class Request:
    """
    What somebody asks of an endpoint; `body` is every byte as it came, for a signature to be checked over.

    `client` is the address that the server saw, which may be a proxy's.

    >>> asked = Request("POST", "/forms/contact", query="lang=de", body=b"name=Ada", client="192.0.2.7")
    >>> asked.parameters()["lang"], asked.form()["name"], asked
    ('de', 'Ada', Request(method='POST', path='/forms/contact', query=…, headers=…, body=…, client=…))
    """

    method: str
    path: str
    query: str = attrs.field(default="", repr=masked)
    headers: Headers = attrs.field(factory=Headers, converter=Headers, repr=masked)
    body: bytes = attrs.field(default=b"", repr=masked)
    client: str = attrs.field(default="", repr=masked)

    def parameters(self) -> dict[str, str]:
        """What the query says, the last of a repeated name; raises `Invalid`."""
        return _fields("query", self.query)

    def form(self) -> dict[str, str]:
        """What a form sent as `application/x-www-form-urlencoded` says, the last of a repeated name; raises `Invalid`."""
        return _fields("body", self.body.decode("utf-8", "replace"))

    def json(self) -> Any:
        """The body as JSON; raises `Invalid` for what is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Invalid(Fault("body", "not_json", "Send JSON in UTF-8.")) from None


def _fields(path: str, text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Invalid(Fault(path, "too_many_fields", f"Send at most {_MOST_FIELDS} fields.")) from None


@attrs.frozen
class Response:
    """
    What an endpoint answers. `ValueError` for one that cannot be sent, which is the plugin's fault, not the asker's.

    >>> Response.json({"ok": True})
    Response(status=200, body=…, headers=…, content_type='application/json')
    """

    status: int = 200
    body: bytes = attrs.field(default=b"", repr=masked)
    headers: Headers = attrs.field(factory=Headers, converter=Headers, repr=masked)
    content_type: str = "application/octet-stream"

    def __attrs_post_init__(self) -> None:
        said = unsendable(self.headers, _OURS)
        said += unsendable(Headers([("type", self.content_type)]), frozenset())
        if not 200 <= self.status <= 599:
            said.append("Give a status from 200 to 599.")
        if not isinstance(self.body, bytes):
            said.append("Give the body as bytes, or use Response.text or Response.json.")
        if said:
            raise ValueError(" ".join(said))

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """Answer with a value that JSON knows: mappings, lists, text, numbers, booleans, None."""
        body = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        return cls(status, body, Headers(headers or {}), "application/json")

    @classmethod
    def text(cls, text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """Answer with plain text."""
        return cls(status, text.encode(), Headers(headers or {}), "text/plain; charset=utf-8")


def _listed(methods: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([methods] if isinstance(methods, str) else methods))


@attrs.frozen
class Endpoint:
    """
    A place under `/<plugin>/<name>` where others hand something in.

    `verify` runs first and raises `PermissionError` (`SignatureInvalid` is one) for whom it does not know; then
    `handle` answers. Both are plain functions, called in any thread. `Invalid` becomes 422 with its faults, `Conflict`
    503 so that the sender tries again, anything else 500 without a word. Who lists GET answers HEAD too.

    >>> Endpoint("contact", lambda request: Response.text("Thank you.")).handle(Request("POST", "/")).status
    200
    """

    name: str
    handle: Callable[[Request], Response]
    methods: tuple[str, ...] = attrs.field(default=("POST",), converter=_listed)
    verify: Callable[[Request], None] | None = None
    max_body: int = 1 << 20

    def __attrs_post_init__(self) -> None:
        faults = list[Fault]()
        if not _is_name(self.name):
            faults.append(Fault("name", "not_a_name", "Give a name of a-z, 0-9, dashes, such as incoming-call."))
        for path, function in (("handle", self.handle), ("verify", self.verify)):
            if not (function is None and path == "verify") and not _is_plain(function):
                faults.append(Fault(path, "not_a_function", "Give a plain function of the request, no async one."))
        if not self.methods or not set(self.methods) <= set(_METHODS):
            faults.append(Fault("methods", "unknown_method", f"Give one or more of {', '.join(_METHODS)}."))
        if self.max_body < 0:
            faults.append(Fault("max_body", "out_of_range", "Give the largest body you would take, in bytes."))
        if faults:
            raise Invalid(*faults)


def _is_plain(function: Any) -> bool:
    return callable(function) and not (
        iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004
    )
