from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from time import monotonic

import pytest
import trustme
from hypothesis import HealthCheck, example, given, settings, strategies as st
from loopback import Script, saying, serving

from crmkit.errors import Invalid, OutboundFailed
from crmkit.plugins.outbound import HTTP, Answer

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
#: Far below what a drip would take, far above what a slow machine needs to give up.
PATIENCE = 8.0


def answered(script: Script, *, timeout: float = 20, max_body: int = 1 << 20) -> Answer:
    """What our client makes of a server."""
    with serving(script) as served:
        http = HTTP(allow=[f"127.0.0.1:{served.port}"], timeout=timeout, max_body=max_body)
        return http.get(f"http://127.0.0.1:{served.port}/")


def dripping(part: bytes, before: bytes = b"") -> Script:
    """A server that never stops and never pauses for longer than a single wait would allow."""

    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(before)
        while not over.wait(0.02):
            connection.sendall(part)

    return drip


def flooding(part: bytes, before: bytes = b"") -> Script:
    """A server that sends for ever, as fast as it can."""

    def flood(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(before)
        while not over.is_set():
            connection.sendall(part * 1000)

    return flood


def silent(connection: socket.socket, over: threading.Event) -> None:
    """A server that takes the request and says nothing."""
    over.wait()


def test_a_request_arrives_as_it_was_meant() -> None:
    """Method, path, query, headers and body, with the lengths and the host that are ours to say."""
    with serving(saying(OK)) as served:
        http = HTTP(allow=[f"shop.test:{served.port}"], resolve=lambda _host, _port: ["127.0.0.1"])
        got = http.post(f"http://Shop.TEST:{served.port}/a?q=é#x", b"{}", {"X-Key": "k"})
    head, _, body = served.asked[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert (200, "text/plain", b"hello", True) == (got.status, got.headers["CONTENT-TYPE"], got.body, got.ok)
    assert (b"POST /a?q=%C3%A9 HTTP/1.1", b"{}") == (lines[0], body)
    assert {
        f"host: shop.test:{served.port}".encode(), b"connection: close", b"accept-encoding: identity",
        b"content-length: 2", b"x-key: k",
    } == {line.lower() for line in lines[1:]}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (OK, b"hello"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: r\r\n\r\n",
            b"abcde",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"hello"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 Done\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000, b"x" * 1_000_000),
    ],
)
def test_an_answer_is_read_whole_however_it_is_framed(answer: bytes, body: bytes) -> None:
    """The three ways of HTTP to say where a body ends."""
    assert body == answered(saying(answer)).body


@pytest.mark.parametrize(
    "script",
    [
        dripping(b"H"),
        dripping(b"A: b\r\n", b"HTTP/1.1 200 OK\r\n"),
        dripping(b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        dripping(b"x", b"HTTP/1.1 200 OK\r\n\r\n"),
        dripping(b"1\r\nx\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        dripping(b"T: r\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
        dripping(b"HTTP/1.1 100 Continue\r\n\r\n"),
        silent,
    ],
    ids=["status", "headers", "body", "endless", "chunks", "trailers", "continue", "silence"],
)
def test_a_slow_drip_meets_the_deadline(script: Script) -> None:
    """One deadline for everything: a byte in time wins the other side nothing."""
    begun = monotonic()
    with pytest.raises(OutboundFailed, match="timeout"):
        answered(script, timeout=0.4)
    assert monotonic() - begun < PATIENCE


def test_a_resolver_that_hangs_meets_the_deadline() -> None:
    """The system's resolver takes no timeout of its own."""
    over, begun = threading.Event(), monotonic()

    def hang(host: str, port: int) -> list[str]:
        over.wait(60)
        return []

    with pytest.raises(OutboundFailed, match="timeout"):
        HTTP(timeout=0.2, resolve=hang).get("http://slow.test/")
    over.set()
    assert monotonic() - begun < PATIENCE


def test_a_name_nobody_knows_is_a_failure() -> None:
    """It may be known again in a minute."""

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    with pytest.raises(OutboundFailed, match=r"gone\.test.*unknown_host"):
        HTTP(resolve=unknown).get("http://gone.test/")


@pytest.mark.parametrize(
    "script",
    [
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001),
        flooding(b"x", b"HTTP/1.1 200 OK\r\n\r\n"),
        flooding(b"64\r\n" + b"x" * 100 + b"\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        flooding(b"x", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffff\r\n"),
        flooding(b"A: b\r\n", b"HTTP/1.1 200 OK\r\n"),
        flooding(b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["length", "endless", "chunked", "one chunk", "headers", "continue"],
)
def test_an_answer_that_is_too_large_is_not_read(script: Script) -> None:
    """Nobody fills our memory, with a body or before it."""
    with pytest.raises(OutboundFailed, match=r"too_large|not_http"):
        answered(script, max_body=1000)


def test_an_answer_of_exactly_the_limit_is_taken() -> None:
    """The limit is what is taken, not what is refused."""
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    assert 1000 == len(answered(saying(whole), max_body=1000).body)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "connection_lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "connection_lost"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello", "connection_lost"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "not_http"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not_http"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "not_http"),
    ],
)
def test_an_answer_that_is_not_whole_is_none(answer: bytes, reason: str) -> None:
    """Half a body must not pass for a short one."""
    with pytest.raises(OutboundFailed, match=reason):
        answered(saying(answer))


def test_a_closed_port_is_a_failure_that_names_itself() -> None:
    """The operator sees what the system said."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OutboundFailed, match="econnrefused"):
        HTTP(allow=[f"127.0.0.1:{port}"]).get(f"http://127.0.0.1:{port}/")


def test_a_failure_tells_neither_what_was_asked_nor_what_came() -> None:
    """Its cause would quote the other side, so there is none in sight."""
    with pytest.raises(OutboundFailed) as caught, serving(saying(b"Ada Lovelace\r\n\r\n")) as served:
        HTTP(allow=[f"127.0.0.1:{served.port}"]).post(f"http://127.0.0.1:{served.port}/ada?t=secret", b"lovelace")
    said = repr(caught.value) + str(caught.value)
    assert (True, [], None, True) == (
        "127.0.0.1" in said,
        [word for word in ("ada", "secret", "lovelace") if word in said.lower()],
        caught.value.__cause__,
        caught.value.__suppress_context__,
    )


junk: list[bytes] = [b""]


@pytest.fixture(scope="module")
def babbling() -> object:
    with serving(lambda connection, _: connection.sendall(junk[0])) as served:
        yield HTTP(allow=[f"127.0.0.1:{served.port}"]), f"http://127.0.0.1:{served.port}/"


LINES = st.lists(
    st.sampled_from([
        b"HTTP/1.1 200 OK", b"HTTP/9 1", b"Content-Length: -1", b"Content-Length: 3", b"Content-Length: x", b"",
        b"Transfer-Encoding: chunked", b"-1", b"3", b"abc", b"0", b" folded", b": a", b"A\xff: \xff\x00", b"fffffffffffffffff",
    ]),
    max_size=8,
).map(b"\r\n".join)  # fmt: skip


@given(st.one_of(st.binary(max_size=200), LINES, LINES.map(b"HTTP/1.1 200 OK\r\n".__add__)))
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_back_is_an_answer_or_a_failure(babbling: tuple[HTTP, str], said: bytes) -> None:
    """Callers have one error to catch, whoever is at the other end."""
    http, url = babbling
    junk[0] = said
    try:
        got = http.get(url)
    except OutboundFailed:
        return
    assert 200 <= got.status <= 999


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certified(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """The context of a server whose certificate names these."""

    def context(*names: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(made)  # pyright: ignore[reportUnknownMemberType]
        return made

    return context


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    made = ssl.create_default_context()
    authority.configure_trust(made)  # pyright: ignore[reportUnknownMemberType]
    return made


def test_a_certificate_is_checked_by_the_name_that_was_asked_for(
    certified: Callable[..., ssl.SSLContext], trusting: ssl.SSLContext
) -> None:
    """We connect to an address, and still ask for the name, so the right certificate comes and is compared."""
    asked_for = list[str | None]()
    context = certified("shop.test")
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    with serving(saying(OK), context) as served:
        places = [f"{name}:{served.port}" for name in ("shop.test", "other.test", "127.0.0.1")]
        http = HTTP(allow=places, tls=trusting, resolve=lambda _host, _port: ["127.0.0.1"])
        assert b"hello" == http.post(f"https://shop.test:{served.port}/", b"x" * 100_000).body
        assert b"x" * 100_000 == served.asked[0].partition(b"\r\n\r\n")[2]
        for place in places[1:]:
            with pytest.raises(OutboundFailed, match="certificate_verify_failed"):
                http.get(f"https://{place}/")
    assert ["shop.test", "other.test", None] == asked_for


def test_a_certificate_for_an_address_serves_the_address(
    certified: Callable[..., ssl.SSLContext], trusting: ssl.SSLContext
) -> None:
    """Inner systems have certificates too."""
    with serving(saying(OK), certified("127.0.0.1")) as served:
        http = HTTP(allow=[f"127.0.0.1:{served.port}"], tls=trusting)
        assert 200 == http.get(f"https://127.0.0.1:{served.port}/").status


def test_an_authority_nobody_knows_is_not_trusted(certified: Callable[..., ssl.SSLContext]) -> None:
    """By default only the system's own are."""
    with serving(saying(OK), certified("127.0.0.1")) as served:
        http = HTTP(allow=[f"127.0.0.1:{served.port}"])
        with pytest.raises(OutboundFailed, match="certificate_verify_failed"):
            http.get(f"https://127.0.0.1:{served.port}/")


def test_a_handshake_that_stalls_meets_the_deadline() -> None:
    """A server that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port, begun = mute.getsockname()[1], monotonic()
        with pytest.raises(OutboundFailed, match="timeout"):
            HTTP(allow=[f"127.0.0.1:{port}"], timeout=0.3).get(f"https://127.0.0.1:{port}/")
    assert monotonic() - begun < PATIENCE


def test_an_encrypted_drip_meets_the_deadline(
    certified: Callable[..., ssl.SSLContext], trusting: ssl.SSLContext
) -> None:
    """Encryption is no way around it."""
    begun = monotonic()
    with serving(dripping(b"A: b\r\n", b"HTTP/1.1 200 OK\r\n"), certified("127.0.0.1")) as served:
        http = HTTP(allow=[f"127.0.0.1:{served.port}"], tls=trusting, timeout=0.5)
        with pytest.raises(OutboundFailed, match="timeout"):
            http.get(f"https://127.0.0.1:{served.port}/")
    assert monotonic() - begun < PATIENCE


def test_a_context_that_checks_nothing_is_refused() -> None:
    """Encryption to whoever answers is none."""
    blind = ssl.create_default_context()
    blind.check_hostname = False
    with pytest.raises(Invalid, match="tls"):
        HTTP(tls=blind)
