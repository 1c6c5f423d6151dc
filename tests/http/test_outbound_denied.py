from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Iterable
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, strategies as st
from loopback import saying, serving, watched

from crmkit.errors import Fault, Invalid, OutboundDenied, OutboundFailed
from crmkit.plugins.outbound import HTTP
from crmkit.plugins.outbound.addresses import is_public
from crmkit.plugins.outbound.target import target

PUBLIC = "93.184.215.14"
#: Networks, whose first and last addresses are tried.
INNER_4 = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
""".split()  # noqa: SIM905  # a table reads better than a column
INNER_6 = """
::/128 ::1/128 ::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/32 2001:2::/48
2001:10::/28 2001:20::/28 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fd00:ec2::/64 fe80::/10 fec0::/10
ff00::/8
""".split()  # noqa: SIM905
SPELLINGS = """
127.0.0.1. 127.1 127.0.1 127.0.0.1 127.0.0.1.. 2130706433 017700000001 0x7f000001 0x7f.1 0x7F.0x0.0x0.0x1 0177.0.0.1
0177.0.0.01 127.0x1 127.0.0.0x1 00000177.1 127.000.000.001 0x7f.0.0.1 0x0000007f.1 4294967297 127.65530 127.0.65534
①②⑦.⓪.⓪.① １２７.０.０.１ 127。0。0。1 127．0．0．1 ⑫7.1 0 0.0 0x 0x0 00 %31%32%37.0.0.1 127%2e0%2e0%2e1 256.0.0.1
1.2.3.4.5 1..2 example.1 example.0x1 169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518
[0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [::7f00:1] [64:ff9b::7f00:1] [64:ff9b::127.0.0.1]
[64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:7f00:1::1] [2001:0:7f00:1::] [fd00:ec2::254] [fe80::1%25lo] [fe80::1%lo]
[::1%lo] [fe80::1] [::ffff:169.254.169.254] [127.0.0.1] [::1].example [::1 ::1] 0:0:0:0:0:0:0:1 [::ffff:0:127.0.0.1]
[0000:0000:0000:0000:0000:ffff:7f00:0001] [::FFFF:7F00:1] [v1.127] []
localhost LOCALHOST localhost. lo.test both.test mapped.test empty.test odd.test
user@127.0.0.1 user:word@localhost @127.0.0.1 93.184.215.14@127.0.0.1 127.0.0.1\\@93.184.215.14 93.184.215.14\\@localhost
-lo.test lo-.test lo..test .lo.test lo.test.. lo,test lo;test lo$.test *.test
""".split()  # noqa: SIM905
ODD = [
    "ftp://lo.test:{port}/", "file:///etc/passwd", "gopher://127.0.0.1:{port}/", "//127.0.0.1:{port}/", "127.0.0.1:{port}",
    "http:/127.0.0.1:{port}/", "http:127.0.0.1:{port}", "http:///127.0.0.1:{port}/", "http://", "", "http",
    "http:\\\\127.0.0.1:{port}/", "http://127.0.0.1:{port}\\a", " http://127.0.0.1:{port}/", "http://127.0.0.1:{port}/ ",
    "http://127.0.0.1:{port}/\r\nHost: a", "http://127.0.0.1\t:{port}/", "h\nttp://127.0.0.1:{port}/", "httpſ://lo.test/",
    "http://lo.test:0/", "http://lo.test:65536/", "http://lo.test:99999/", "http://lo.test:/", "http://lo.test:-1/",
    "http://lo.test:{port}:80/", "http://lo.test:８０/", "http://lo.test:0x50/", "http://lo.test:{port} /", "unix:///run/a",
    "data:text/plain,a", "http://" + "a" * 64 + ".test/", "http://" + "a." * 200 + "test/", "http://lo.test/" + "a" * 9000,
    "http://\x00127.0.0.1:{port}/", "http://127.0.0.1\x00.example:{port}/", "http://127.0.0.1:{port}/\ud800",
    "https://127.0.0.1:{port}/", "HTTP://127.0.0.1:{port}/", "hTTps://LO.TEST:{port}/", "http://lo.test:{port}?a",
    "http://lo.test:{port}#a", "http://127.0.0.1#@93.184.215.14:{port}/", "http://127.0.0.1:{port}/#@93.184.215.14",
    "http://[::1]:{port}", "http://lo.test:{port}/../..", "http://例え.test:{port}/",
]  # fmt: skip
HOSTS = [
    *(str(address) for network in INNER_4 for address in (ip_network(network)[0], ip_network(network)[-1])),
    *(f"[{address}]" for network in INNER_6 for address in (ip_network(network)[0], ip_network(network)[-1])),
    *SPELLINGS,
]
URLS = list(dict.fromkeys([*(f"http://{host}:{{port}}/latest/" for host in HOSTS), *ODD]))


def inner(host: str, port: int) -> list[str]:
    """A resolver whose names lead inside, in every way that a resolver can answer."""
    return {
        "both.test": [PUBLIC, "127.0.0.1"],
        "mapped.test": ["::ffff:127.0.0.1"],
        "empty.test": [],
        "odd.test": [PUBLIC, "nonsense"],
    }.get(host, ["127.0.0.1", "::1"])


@pytest.fixture(scope="module")
def listening() -> Generator[socket.socket]:
    """A socket that takes connections on the loopback interface, in IPv6 too where there is any."""
    both = socket.has_dualstack_ipv6()
    family, host = (socket.AF_INET6, "::") if both else (socket.AF_INET, "0.0.0.0")  # noqa: S104  # counts, never answers
    with socket.create_server((host, 0), family=family, dualstack_ipv6=both) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture
def accepts(listening: socket.socket) -> Callable[[], int]:
    """How many connections have come."""

    def count() -> int:
        found = 0
        while True:
            try:
                listening.accept()[0].close()
            except BlockingIOError:
                return found
            found += 1

    return count


def test_there_are_two_hundred_ways_in() -> None:
    """A table that shrank would prove less."""
    assert len(URLS) >= 200


def test_a_connection_inside_would_be_seen(listening: socket.socket, accepts: Callable[[], int]) -> None:
    """What never counts anything proves nothing."""
    port: int = listening.getsockname()[1]
    with watched() as tried, pytest.raises(OutboundFailed, match="timeout"):
        HTTP(allow=[f"lo.test:{port}"], timeout=0.2, resolve=inner).get(f"http://lo.test:{port}/")
    assert ([("127.0.0.1", port)], 1) == (tried.connects, accepts())


@pytest.mark.parametrize("url", URLS, ids=range(len(URLS)))
def test_no_url_leads_into_an_inner_network(url: str, listening: socket.socket, accepts: Callable[[], int]) -> None:
    """Whichever spelling, whatever the resolver says: nothing is connected to."""
    full = url.replace("{port}", str(listening.getsockname()[1]))
    with watched(refuse=True) as tried, pytest.raises(OutboundDenied):
        HTTP(timeout=2, resolve=inner).get(full)
    assert ([], 0) == (tried.connects, accepts())


@pytest.mark.parametrize("name", ["localhost", "localhost.", "LocalHost"])
def test_the_systems_own_names_lead_nowhere(name: str, listening: socket.socket, accepts: Callable[[], int]) -> None:
    """The resolver that is used when none is handed in is judged as well."""
    with watched(refuse=True) as tried, pytest.raises((OutboundDenied, OutboundFailed)):
        HTTP(timeout=20).get(f"http://{name}:{listening.getsockname()[1]}/")
    assert ([], 0) == (tried.connects, accepts())


@given(st.sampled_from([*INNER_4, *INNER_6]).flatmap(lambda network: st.ip_addresses(network=network)))
def test_no_inner_address_passes_for_public(address: object) -> None:
    """Every address of every network on the list, not only its edges."""
    assert not is_public(ip_address(str(address)))


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2a00::1"])
def test_public_addresses_may_be_reached(address: str) -> None:
    """A wall without a gate would be simpler still."""
    assert is_public(ip_address(address))


def test_a_name_that_changes_its_address_is_judged_each_time() -> None:
    """Resolved once a request: the address that was judged is the one connected to."""
    answers, asked = iter([[PUBLIC], ["127.0.0.1"]]), list[str]()

    def rebinding(host: str, port: int) -> Iterable[str]:
        asked.append(host)
        return next(answers)

    http = HTTP(resolve=rebinding)
    with watched(refuse=True) as tried, pytest.raises(OutboundFailed):
        http.get("http://rebinding.test/")
    assert ([(PUBLIC, 80)], ["rebinding.test"], []) == (tried.connects, asked, tried.names)
    with watched(refuse=True) as tried, pytest.raises(OutboundDenied):
        http.get("http://rebinding.test/")
    assert [] == tried.connects


def test_every_public_address_of_a_name_is_tried() -> None:
    """One machine of several being down is no failure."""
    with watched(refuse=True) as tried, pytest.raises(OutboundFailed, match="connection_lost"):
        HTTP(resolve=lambda _host, _port: [PUBLIC, "2606:4700::1111"]).get("http://a.test:8080/")
    assert [PUBLIC, "2606:4700::1111"] == [address[0] for address in tried.connects]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_inside_is_an_answer(status: int, listening: socket.socket, accepts: Callable[[], int]) -> None:
    """Following it would trust whoever answers with where we go next."""
    inside = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    answer = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {inside}\r\nContent-Length: 0\r\n\r\n".encode()
    with serving(saying(answer)) as served:
        got = HTTP(allow=[f"127.0.0.1:{served.port}"]).get(f"http://127.0.0.1:{served.port}/")
    assert (status, inside, False, 0) == (got.status, got.headers["location"], got.ok, accepts())


def test_what_the_operator_allows_is_that_place_only() -> None:
    """Another port is another service, and another name for the same machine is another place."""
    with serving(saying(b"HTTP/1.1 204 Done\r\n\r\n")) as served, serving(saying(b"")) as other:
        http = HTTP(allow=[f"Inner.TEST:{served.port}"], resolve=inner)
        assert 204 == http.get(f"http://inner.test:{served.port}/").status
        for place in (f"inner.test:{other.port}", f"127.0.0.1:{served.port}", f"a.inner.test:{served.port}"):
            with pytest.raises(OutboundDenied):
                http.get(f"http://{place}/")
        assert [] == other.asked


def test_proxies_that_the_environment_names_are_not_used(
    monkeypatch: pytest.MonkeyPatch, listening: socket.socket, accepts: Callable[[], int]
) -> None:
    """A proxy resolves names by itself, behind the wall."""
    for name, kind in product(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), ("http://",)):
        monkeypatch.setenv(name, f"{kind}127.0.0.1:{listening.getsockname()[1]}")
    with serving(saying(b"HTTP/1.1 204 Done\r\n\r\n")) as served:
        got = HTTP(allow=[f"127.0.0.1:{served.port}"]).get(f"http://127.0.0.1:{served.port}/")
    assert (204, 0) == (got.status, accepts())


HOSTLIKE = st.text(st.sampled_from("0123456789abcdefx.:[]%@/\\-_#?①。１ſß\x00\t é"), max_size=30)


@given(st.one_of(st.text(max_size=80), HOSTLIKE.map("http://{}".format), HOSTLIKE.map("https://{}/".format)))
@example("http://ſ.test/")
@example("http://ß.test:80/")
@example("http://[::1]]/")
def test_no_junk_leads_to_another_error(url: str) -> None:
    """Whoever typed it, the caller has one error to catch."""
    with watched(refuse=True) as tried, pytest.raises((OutboundDenied, OutboundFailed)):
        HTTP(resolve=lambda _host, _port: ["10.0.0.1"]).get(url)
    assert all(is_public(ip_address(address[0])) for address in tried.connects)


@given(st.integers(0, 2**32 - 1).map(ip_address), st.sampled_from(["http", "https"]), st.integers(1, 65535))
def test_a_plain_address_is_read_as_it_stands(address: object, scheme: str, port: int) -> None:
    """What is judged is what was written."""
    read = target(f"{scheme}://{address}:{port}/a?b#c")
    assert (str(address), port, "/a?b") == (read.host, read.port, read.path)


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.215.14#@127.0.0.1/",
        "http://93.184.215.14/@127.0.0.1",
        "http://93.184.215.14?@127.0.0.1",
        "http://93.184.215.14/http://127.0.0.1/",
        "http://93.184.215.14./",
        "http://９３.184。215.14/",
    ],
)
def test_what_stands_behind_the_host_is_no_host(url: str) -> None:
    """Two readers of one spelling are how inner networks are reached."""
    with watched(refuse=True) as tried, pytest.raises(OutboundFailed):
        HTTP().get(url)
    assert [(PUBLIC, 80)] == tried.connects


def test_a_denial_tells_the_host_and_nothing_else() -> None:
    """Paths and queries carry tokens and names."""
    with pytest.raises(OutboundDenied) as caught:
        HTTP().post("http://10.0.0.1/ada?token=secret", b"lovelace", {"X-Key": "key"})
    said = repr(caught.value) + str(caught.value)
    assert "10.0.0.1" in said
    assert [] == [word for word in ("ada", "token", "secret", "lovelace", "key") if word in said]


@pytest.mark.parametrize("body", ["text", 7, [b"part"]])
def test_a_body_is_bytes_and_nothing_else(body: Any) -> None:
    """What is signed is what is sent: nobody encodes it on the way."""
    with watched(refuse=True) as tried, pytest.raises(Invalid, match="bytes"):
        HTTP(resolve=lambda _host, _port: [PUBLIC]).post("http://a.test/", body)
    assert [] == tried.connects


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://a@b.test/", "user_in_url"),
        ("http://b.test:0/", "not_a_port"),
        ("http://b.test:65536/", "not_a_port"),
        ("http://127.1/", "address_in_disguise"),
        ("http://b..test/", "not_a_host"),
        ("http://[b.test]/", "not_a_host"),
        ("gopher://b.test/", "not_a_plain_url"),
        ("http://b.test/ ", "not_a_plain_url"),
        ("http://empty.test/", "no_address"),
        ("http://b.test/", "inner_address"),
    ],
)
def test_a_denial_says_why(url: str, reason: str) -> None:
    """Whoever typed the URL can mend it."""
    with pytest.raises(OutboundDenied) as caught:
        HTTP(resolve=inner).get(url)
    assert reason == caught.value.reason


def test_all_faults_of_a_client_are_told_at_once() -> None:
    """Settings are mended in one go."""
    with pytest.raises(Invalid) as caught:
        HTTP(allow=["inner.test", "*:80", "http://a.test:80", "127.1:80"], timeout=0, max_body=-1)
    assert ["allow"] * 4 + ["timeout", "max_body"] == [fault.path for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("method", "headers", "paths"),
    [
        ("get", {}, ["method"]),
        ("GET\r\nA: b", {}, ["method"]),
        ("CONNECT", {}, ["method"]),
        ("POST", {"A": "b\r\nC: d"}, ["headers"]),
        ("POST", {"A\r\n": "b", "B": "\x00", "C": "€"}, ["headers"] * 3),
        ("POST", {"Host": "inner.test", "content-length": "0", "Transfer-Encoding": "chunked"}, ["headers"] * 3),
    ],
)
def test_a_request_cannot_smuggle_another(method: str, headers: dict[str, str], paths: list[str]) -> None:
    """Line breaks and lengths are ours alone."""
    with watched(refuse=True) as tried, pytest.raises(Invalid) as caught:
        HTTP(resolve=lambda _host, _port: [PUBLIC]).request(method, "http://a.test/", b"", headers)
    faults: tuple[Fault, ...] = caught.value.faults
    assert (paths, []) == ([fault.path for fault in faults], tried.connects)
