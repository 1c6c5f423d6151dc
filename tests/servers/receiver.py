"""Another system on the loopback interface that takes web hooks, and answers as a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs

from crmkit import CRM
from crmkit.plugins import Secret, Url
from crmkit.webhooks import Target

#: Not the secret of anybody.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#: Opens a CRM that tells these targets.
Tell = Callable[..., CRM]


@attrs.frozen
class Got:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What repetitions are told by."""
        return self.headers["webhook-id"]


#: Says how to answer a request: a status, and headers.
Answers = Callable[[Got], tuple[int, Mapping[str, str]]]


class Receiver:
    """What came, in its order; `answers` may be changed at any time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.got: list[Got] = []
        self.answers: Answers = lambda _: (204, {})

    @property
    def place(self) -> str:
        """How an operator allows it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://{self.place}/hook"

    def status(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        """Answer everything the same."""
        self.answers = lambda _: (status, headers or {})


def target(receiver: Receiver, **more: Any) -> Target:
    """A receiver as an operator writes it."""
    given: dict[str, Any] = {"secrets": (Secret(SECRET),), **more}
    return Target(url=Url(receiver.url), **given)


@contextmanager
def receiving() -> Generator[Receiver]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got = Got(self.path, {key.lower(): value for key, value in self.headers.items()}, body)
            receiver.got.append(got)
            status, headers = receiver.answers(got)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815  # a redirect that is followed would come as one

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
