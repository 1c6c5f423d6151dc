"""Requests to other systems: to public hosts, or to exactly those that the operator allows."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from crmkit.errors import Fault, Invalid, OutboundDenied
from crmkit.plugins.headers import Headers, unsendable
from crmkit.plugins.outbound.addresses import Address, is_public, literal, resolved
from crmkit.plugins.outbound.answer import Answer
from crmkit.plugins.outbound.deadline import Deadline
from crmkit.plugins.outbound.exchange import exchange, failures_of
from crmkit.plugins.outbound.target import Target, host_and_port, target

Resolver = Callable[[str, int], Iterable[str]]
_is_method = re.compile(r"(?!CONNECT\Z|TRACE\Z)[A-Z]{1,20}").fullmatch
_OURS = frozenset({
    "accept-encoding", "connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip


class HTTP:
    """
    Sends requests that cannot be led into an inner network.

    A name is resolved once, every address it has is judged, and one of these is connected to; nothing is resolved
    again. Redirects are answers and not followed; proxies that the environment names are not used. `timeout` seconds
    are for all of it, resolving and reading included. `allow` names, as `host:port`, what may be reached wherever it
    leads; nothing else inside can be. One object serves any number of threads.

    >>> HTTP().get("http://169.254.169.254/latest/meta-data/")
    Traceback (most recent call last):
    crmkit.errors.OutboundDenied: A request to 169.254.169.254 was not sent (inner_address). ...
    """

    def __init__(
        self,
        allow: Iterable[str] = (),
        timeout: float = 10.0,
        *,
        max_body: int = 1 << 20,
        tls: ssl.SSLContext | None = None,
        resolve: Resolver = resolved,
    ) -> None:
        faults = list[Fault]()
        self._allowed = frozenset(_places(allow, faults))
        self._timeout, self._max_body, self._resolve = timeout, max_body, resolve
        if not 0 < timeout <= 3600:
            faults.append(Fault("timeout", "out_of_range", "Give seconds, more than none and at most an hour."))
        if max_body < 0:
            faults.append(Fault("max_body", "out_of_range", "Give the largest answer you would take, in bytes."))
        if tls is not None and not (tls.check_hostname and tls.verify_mode is ssl.CERT_REQUIRED):
            faults.append(Fault("tls", "unchecked", "Give a context that checks certificates and host names."))
        if faults:
            raise Invalid(*faults)
        self._tls = tls

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for what a URL stands for."""
        return self.request("GET", url, headers=headers)

    def post(self, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Hand in *body*, of the content type that *headers* say."""
        return self.request("POST", url, body, headers)

    def request(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """
        Send one request and read its whole answer, whatever its status.

        Raises `OutboundDenied` if it may not be sent, and nothing was; `OutboundFailed` if it got no whole answer in
        time, and it may have been done; `Invalid` for a method or header that cannot be sent.
        """
        asked = target(url)
        fields = Headers(headers or {})
        faults = [Fault("headers", "unsendable", said) for said in unsendable(fields, _OURS)]
        if not isinstance(body, bytes | None):
            faults.append(Fault("body", "not_bytes", "Give the body as bytes: what is signed is what is sent."))
        if not _is_method(method):
            faults.append(Fault("method", "unsendable", "Give a method in capitals, such as POST."))
        if faults:
            raise Invalid(*faults)
        deadline = Deadline(self._timeout)
        with failures_of(asked.host):
            addresses = self._checked(asked, deadline)
            tls = self._context() if asked.scheme == "https" else None
            return exchange(asked, addresses, tls, deadline, self._max_body, (method, body, fields))

    def _checked(self, asked: Target, deadline: Deadline) -> list[Address]:
        """Every address of the host, each fit to be connected to: one bad address spoils them all."""
        if (written := literal(asked.host)) is not None:
            addresses = [written]
        else:
            found = deadline.wait_for(partial(self._resolve, asked.host, asked.port))
            addresses = [address for one in found if (address := literal(one)) is not None]
            if not addresses or len(addresses) != len(found):
                raise OutboundDenied(asked.host, "no_address")
        if asked.place not in self._allowed and not all(map(is_public, addresses)):
            raise OutboundDenied(asked.host, "inner_address")
        return addresses

    def _context(self) -> ssl.SSLContext:
        """Made on first use: reading the system's authorities takes longer than most requests."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


def _places(allow: Iterable[str], faults: list[Fault]) -> Iterable[str]:
    for written in [allow] if isinstance(allow, str) else allow:
        try:
            host, port = host_and_port(written, None)
        except OutboundDenied:
            faults.append(Fault("allow", "not_a_place", "Write exactly host:port, such as crm.internal:8443."))
        else:
            yield Target("http", host, port, "/").place
