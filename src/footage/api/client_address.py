"""Where a request comes from: the peer, or whom a trusted proxy says that it speaks for."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address, an IPv4 one in IPv6 clothes as the former; None where it is none."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_trusted(peer: str | None, proxies: Sequence[Network]) -> bool:
    """Whether the peer is one of the proxies."""
    address = parsed(peer) if peer and proxies else None
    return address is not None and any(address in network for network in proxies)


def client_address(peer: str | None, forwarded_for: Sequence[str], proxies: Sequence[Network]) -> str:
    """The address of the client; empty where it has none.

    ``forwarded_for`` are the values of X-Forwarded-For. Each proxy adds at the end whom it was
    asked by, so it is read from the end, for as long as what stands there is trusted: whatever a
    client wrote itself stands before that.
    """
    address = peer or ""
    if not is_trusted(peer, proxies):
        return address
    for said in reversed([one for value in forwarded_for for one in value.split(",")]):
        one = parsed(said)
        if one is None:
            break
        address = str(one)
        if not is_trusted(address, proxies):
            break
    return address
