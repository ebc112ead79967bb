"""Which addresses a camera may be at: not this host itself, nor what only it can reach.

Whoever may set a camera's URL would otherwise reach, from inside, what listens on the loopback alone
or gives a machine in a cloud its secrets (server-side request forgery). Addresses of a LAN are what
cameras have, so they are allowed.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from footage.media.errors import NotLive
from footage.timeline import Reason

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "127.0.0.0/8", "::/128", "::1/128"),
        # Link-local: the metadata of most clouds is there too; of the others it is below.
        *("169.254.0.0/16", "fe80::/10"),
        *("100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::254/128"),
        # Nobody alone.
        *("224.0.0.0/4", "255.255.255.255/32", "ff00::/8"),
    )
)


def is_local(address: Address) -> bool:
    """Whether it is one of this host's own by its kind: loopback, link-local, metadata, multicast."""
    plain = _plain(address)
    return any(plain in network for network in _LOCAL)


def literal_address(host: str) -> Address | None:
    """The address that a host is without a name server, in any way of writing one (``127.1``)."""
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST, type=socket.SOCK_STREAM)
        return _address(found[0][4][0])
    except (OSError, UnicodeError, ValueError):
        return None


def find_addresses(host: str, port: int, allowed: Sequence[Network]) -> list[Address]:
    """The addresses behind a host, none of them one that a camera may not be at. Raises NotLive.

    ``allowed`` are networks where it may be all the same.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotLive(Reason.UNREACHABLE, "its name is not known") from None
    addresses = list(dict.fromkeys(_address(entry[4][0]) for entry in found))
    for address in addresses:
        if not _may_be_at(address, allowed):
            raise NotLive(Reason.FORBIDDEN, "its address is this machine's own: see local_sources")
    return addresses


def pinned(parts: SplitResult, address: Address) -> str:
    """The URL with the address in the place of the host, so that nobody asks for its name again."""
    host = f"[{address}]" if address.version == 6 else str(address)
    userinfo, at, _ = parts.netloc.rpartition("@")
    port = "" if parts.port is None else f":{parts.port}"
    return parts._replace(netloc=f"{userinfo}{at}{host}{port}").geturl()


def split_source(url: str) -> SplitResult:
    """The URL's parts. Raises NotLive where it has no host or no port that can be."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if not parts.hostname:
        raise NotLive(Reason.UNSUPPORTED, "its URL names no host")
    return parts


def _may_be_at(address: Address, allowed: Sequence[Network]) -> bool:
    plain = _plain(address)
    if any(plain in network for network in allowed):
        return True
    return not is_local(plain) and not _is_own(plain)


def _is_own(address: Address) -> bool:
    """Whether this host has the address: nobody else's can be bound to."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _plain(address: Address) -> Address:
    """An IPv4 address out of the IPv6 one that carries it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _address(text: str | int) -> Address:
    return ip_address(str(text).partition("%")[0])
