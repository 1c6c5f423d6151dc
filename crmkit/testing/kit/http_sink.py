"""The world outside, for a test: requests are kept and answered here, and no socket leads anywhere."""

from __future__ import annotations

import errno
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import attrs

from crmkit.plugins.headers import Headers, masked
from crmkit.plugins.outbound import client
from crmkit.plugins.outbound.addresses import Address, literal
from crmkit.plugins.outbound.answer import Answer
from crmkit.plugins.outbound.target import Target

#: What names of hosts stand for here: an address of the documentation's own.
NOWHERE = "93.184.216.34"
#: The headers that receivers tell repetitions by.
KEYS = ("idempotency-key", "webhook-id")


class SocketBlocked(OSError):
    """What a socket raises while the sink stands before the world."""


@attrs.frozen
class Sent:
    """One request as it would have gone out."""

    method: str
    url: str
    headers: Headers = attrs.field(repr=masked)
    body: bytes = attrs.field(repr=masked)

    @property
    def key(self) -> str | None:
        """What its receiver would tell repetitions by, None if it says nothing of the kind."""
        return next((self.headers[name] for name in KEYS if name in self.headers), None)


class HTTPSink:
    """
    Answers in the place of everybody out there: 200, or what it was told.

    Where `HTTP` may go is still checked: what it would not send does not come here either.
    """

    def __init__(self) -> None:
        #: Every attempt that reached a server.
        self.requests: list[Sent] = []
        #: Where sockets of others wanted to go.
        self.blocked: list[str] = []
        self._answers: deque[int | BaseException] = deque()
        self.answer: Callable[[Sent], Answer] = lambda _: Answer(200, Headers(), b"{}")

    def fail(self, times: int = 1, *, status: int | None = None) -> None:
        """Lose the connection after the request so many times, or answer with *status*."""
        self._answers.extend([status or ConnectionResetError(errno.ECONNRESET, "reset")] * times)

    def respond(self, *statuses: int) -> None:
        """Answer the next requests with these."""
        self._answers.extend(statuses)

    def effects(self) -> list[Sent]:
        """What a receiver that honours keys has done: requests under one key count once, those without each time."""
        seen, done = set[str](), list[Sent]()
        for one in self.requests:
            if one.key is None or one.key not in seen:
                done.append(one)
            seen.add(one.key or "")
        return done

    def install(self, replace: Callable[[Any, str, Any], None]) -> None:
        """Stand before the world; *replace* is `monkeypatch.setattr`, which takes it away again."""
        judged = client.HTTP._checked  # noqa: SLF001  # the one place where names are looked up

        def checked(http: client.HTTP, asked: Target, deadline: Any) -> Sequence[Address]:
            known = literal(NOWHERE)
            assert known is not None
            return judged(http, asked, deadline) if literal(asked.host) is not None else [known]

        replace(client.HTTP, "_checked", checked)
        replace(client.HTTP, "_context", lambda _: None)
        replace(client, "exchange", self._exchange)
        for name in ("connect", "connect_ex", "sendto"):
            replace(socket.socket, name, self._block(name))
        replace(socket, "getaddrinfo", self._lookup)

    def _exchange(
        self, asked: Target, _addresses: object, _tls: object, _deadline: object, _max_body: int,
        sent: tuple[str, bytes | None, Headers],
    ) -> Answer:  # fmt: skip
        method, body, headers = sent
        one = Sent(method, f"{asked.scheme}://{asked.authority}{asked.path}", headers, body or b"")
        self.requests.append(one)
        told = self._answers.popleft() if self._answers else None
        if isinstance(told, BaseException):
            raise told
        return self.answer(one) if told is None else Answer(told, Headers(), b"")

    def _block(self, name: str) -> Callable[..., Any]:
        real = getattr(socket.socket, name)

        def blocked(one: socket.socket, *given: Any) -> Any:
            if one.family in (socket.AF_INET, socket.AF_INET6):
                self._refuse(str(given[-1]))
            return real(one, *given)

        return blocked

    def _lookup(self, host: Any, *_: Any, **__: Mapping[str, Any]) -> NoReturn:
        self._refuse(str(host))

    def _refuse(self, where: str) -> NoReturn:
        self.blocked.append(where)
        raise SocketBlocked(errno.EACCES, "Tests reach nobody: send through crmkit.plugins.HTTP, or hand a fake in.")
