"""Which addresses are of the public internet, and which lead inside.

`ipaddress.is_global` is no wall by itself: on some Pythons it lets 64:ff9b::/96, 2002::/16, 192.0.0.0/24 and multicast
through (tests/http/test_outbound_denied.py). So both must agree.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_INNER_4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' NAT
            "127.0.0.0/8",
            "168.63.129.16/32",  # a public address that answers virtual machines of one cloud from inside
            "169.254.0.0/16",  # link-local, where clouds tell machines their secrets
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
#: Global unicast. Everything else is inner, unassigned, or an IPv4 address in disguise, ::ffff:0:0/96 and 64:ff9b::/96.
_OUTER_6 = ip_network("2000::/3")
_INNER_6 = tuple(
    map(
        ip_network,
        (
            "2001::/23",  # protocols, Teredo first among them
            "2001:db8::/32",
            "2002::/16",  # 6to4: IPv4 in disguise
            "3fff::/20",
        ),
    )
)


def is_public(address: Address) -> bool:
    """
    Say whether an address may be reached without anybody having allowed it.

    >>> is_public(ip_address("93.184.215.14")), is_public(ip_address("::ffff:127.0.0.1"))
    (True, False)
    """
    if isinstance(address, IPv4Address):
        inner = any(address in network for network in _INNER_4)
    else:
        inner = address not in _OUTER_6 or any(address in network for network in _INNER_6)
    return address.is_global and not address.is_multicast and not inner


def literal(host: str) -> Address | None:
    """The address that a host is written as, None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def resolved(host: str, port: int) -> Iterable[str]:
    """Every address the system knows for a name, in the order it would have them tried; raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return dict.fromkeys(str(where[0]) for *_, where in found)
