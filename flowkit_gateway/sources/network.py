"""Which addresses a gateway connects to when a task's owner says so.

A source may be anywhere that the gateway reaches, also in its own network, where laboratories have
their object stores. Refused is what answers only because the gateway is who it is: link-local
addresses and the metadata services of clouds, which hand out the machine's own credentials.
"""

from __future__ import annotations

import ipaddress
import socket
import sys

_METADATA = frozenset({"168.63.129.16", "100.100.100.200", "fd00:ec2::254"})
"""Of Azure, Alibaba and AWS; all others are link-local."""

_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
    )
)
"""RFC 1918, RFC 6598 and RFC 4193."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Guard:
    """Ends every connection of this process to an address that is refused, once it is on.

    Whoever connects, by whatever name or redirect, is seen by Python's audit hook; there is no way
    to take one away.
    """

    def __init__(self) -> None:
        self.refused: str | None = None
        """The last address to which a connection was refused."""

    def turn_on(self) -> None:
        """Watch from now on until the process ends."""
        sys.addaudithook(self._look)

    def _look(self, event: str, arguments: tuple[object, ...]) -> None:
        if event != "socket.connect":
            return
        address = arguments[1]
        if isinstance(address, tuple) and is_refused(str(address[0])):
            self.refused = str(address[0])
            raise ConnectionRefusedError(f"no connection is made to {self.refused}")


def is_refused(host: str) -> bool:
    """Say whether a numeric address is one that a source must not be at.

    Example:
        >>> is_refused("169.254.169.254"), is_refused("10.0.0.7")
        (True, False)
    """
    address = _parsed(host)
    return address is not None and (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or str(address) in _METADATA
    )


def is_near(host: str) -> bool:
    """Say whether a host is this machine or in a private network, where nobody else listens in.

    Raises:
        OSError: its name cannot be resolved.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    addresses = [_parsed(str(address[0])) for *_, address in found]
    return all(
        each is not None and (each.is_loopback or any(each in network for network in _PRIVATE))
        for each in addresses
    )


def _parsed(host: str) -> Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
