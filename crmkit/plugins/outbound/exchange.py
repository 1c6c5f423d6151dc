"""One request and its answer on one connection."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, IncompleteRead
from typing import Any, cast

from crmkit.errors import CRMError, OutboundFailed
from crmkit.plugins.headers import Headers
from crmkit.plugins.outbound.addresses import Address
from crmkit.plugins.outbound.answer import Answer
from crmkit.plugins.outbound.deadline import Deadline, DeadlineSocket
from crmkit.plugins.outbound.target import Target

#: How many bytes may come before the body does; what is read ahead counts.
MAX_HEAD = 1 << 16


@contextmanager
def failures_of(host: str) -> Generator[None]:
    """Turn whatever goes wrong out there into `OutboundFailed`, which tells the host and a code.

    The cause is not chained: it may quote what the other side sent.
    """
    try:
        yield
    except CRMError:
        raise
    except TimeoutError:
        raise OutboundFailed(host, "timeout") from None
    except ssl.SSLError as error:
        raise OutboundFailed(host, str(error.reason or "tls").lower()) from None
    except socket.gaierror:
        raise OutboundFailed(host, "unknown_host") from None
    except OverflowError:
        raise OutboundFailed(host, "too_large") from None
    except OSError as error:
        raise OutboundFailed(host, errno.errorcode.get(error.errno or 0, "connection_lost").lower()) from None
    except IncompleteRead:
        raise OutboundFailed(host, "connection_lost") from None
    except (HTTPException, ValueError):
        raise OutboundFailed(host, "not_http") from None


def exchange(
    asked: Target,
    addresses: Sequence[Address],
    tls: ssl.SSLContext | None,
    deadline: Deadline,
    max_body: int,
    sent: tuple[str, bytes | None, Headers],
) -> Answer:
    """Send method, body and headers to the first address that takes the connection, and read the whole answer."""
    method, body, fields = sent
    with closing(_connected(addresses, asked.port, deadline)) as plain:
        plain.settimeout(deadline.left())  # the handshake counts it once, for all of itself
        wire = plain if tls is None else tls.wrap_socket(plain, server_hostname=asked.host)
        with closing(wire), closing(HTTPConnection("-")) as connection:
            bounded = DeadlineSocket(wire, deadline, MAX_HEAD)
            connection.sock = cast("Any", bounded)  # so it never connects by itself
            ours = {"Host": asked.authority, "Connection": "close"}
            connection.request(method, asked.path, body, {**ours, **dict(fields.pairs)})
            with connection.getresponse() as response:
                if response.status < 200:
                    raise ValueError
                bounded.budget = None
                # One more than is taken shows that there is more. `read` does not look for a body cut short.
                received = response.read(max_body + 1)
                if len(received) > max_body:
                    raise OverflowError
                if response.length:
                    raise ConnectionResetError
                return Answer(
                    response.status, Headers([(name, str(value)) for name, value in response.getheaders()]), received
                )


def _connected(addresses: Sequence[Address], port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes it; one that is silent leaves the others their share of time."""
    failed: OSError = ConnectionRefusedError()
    for tried, address in enumerate(addresses):
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.settimeout(deadline.left() / (len(addresses) - tried))
            opened.connect((str(address), port))
            return opened
        except BaseException as error:
            opened.close()
            if not isinstance(error, OSError):
                raise
            failed = error
    raise failed
