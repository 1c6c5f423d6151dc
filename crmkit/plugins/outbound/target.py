"""Where a URL leads, read strictly: two readers of one spelling are how inner networks are reached."""

from __future__ import annotations

import re
from urllib.parse import quote

import attrs

from crmkit.errors import OutboundDenied
from crmkit.plugins.outbound.addresses import literal

PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"(https?)://([^/?#]*)(/[^?#]*)?(\?[^#]*)?(?:#.*)?", re.ASCII | re.IGNORECASE | re.DOTALL)
_PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::([0-9]{1,5}))?")
_UNREADABLE = re.compile(r"[\x00-\x20\x7f-\xa0\\\ud800-\udfff]").search
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*").fullmatch
#: What a resolver may take for an IPv4 address: 127.1, 2130706433, 0x7f.1, 0177.0.0.1.
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)").fullmatch
_SENT_AS_IT_IS = "%:/?[]@!$&'()*+,;="


@attrs.frozen
class Target:
    """
    A URL taken apart: the host is a lower-case ASCII name or the one plain spelling of an address.

    >>> target("https://Bücher.example/a?b#c").place
    'xn--bcher-kva.example:443'
    """

    scheme: str
    host: str
    port: int
    path: str = attrs.field(repr=False)

    @property
    def place(self) -> str:
        """How an operator writes it who allows it: `host:port`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def authority(self) -> str:
        """What the Host header says: the port only where it is not the usual one."""
        usual = PORTS[self.scheme] == self.port
        return self.place.removesuffix(f":{self.port}") if usual else self.place


def target(url: str) -> Target:
    """Read a URL; raises `OutboundDenied` for one that is not plainly `http(s)://host[:port][/path][?query]`."""
    whole = _URL.fullmatch(url) if len(url) <= 8192 and not _UNREADABLE(url) else None
    if whole is None:
        raise OutboundDenied("", "not_a_plain_url")
    scheme, place, path, query = whole[1].lower(), whole[2], whole[3] or "/", whole[4] or ""
    if "@" in place:
        raise OutboundDenied("", "user_in_url")
    host, port = host_and_port(place, PORTS[scheme])
    return Target(scheme, host, port, quote(path + query, safe=_SENT_AS_IT_IS))


def host_and_port(place: str, usual: int | None) -> tuple[str, int]:
    """Read `host:port`, where the port may be left out if there is a usual one; raises `OutboundDenied`."""
    parts = _PLACE.fullmatch(place)
    if parts is None:
        raise OutboundDenied("", "not_a_host")
    host, port = _host(parts[1]), int(parts[2]) if parts[2] else usual
    if port is None or not 0 < port < 65536:
        raise OutboundDenied(host, "not_a_port")
    return host, port


def _host(written: str) -> str:
    if written[0] == "[":
        address = literal(written[1:-1])
        if address is None or address.version != 6:
            raise OutboundDenied("", "not_a_host")
        return str(address)
    if len(written) > 255:
        raise OutboundDenied("", "not_a_host")
    try:
        # Before anything is judged: ①②⑦.0.0.1 becomes 127.0.0.1 here, as it would in the resolver.
        name = written.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        raise OutboundDenied("", "not_a_host") from None
    if not _NAME(name):
        raise OutboundDenied("", "not_a_host")
    if _ENDS_IN_A_NUMBER(name) and literal(name) is None:
        raise OutboundDenied("", "address_in_disguise")
    return name
