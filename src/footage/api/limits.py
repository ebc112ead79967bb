"""How much one client may ask for: rates and counts, by whom. Pure; the clock is passed in.

Each worker counts for itself, so what a client gets in all is up to the workers' number times as much.
What is remembered is bounded: of the clients that were not heard of for longest nothing is known any
more, and they begin anew.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network

from footage.api.client_address import parsed

_BURST_S = 10.0
"""Requests of so many seconds may come at once: pages and players ask in bursts."""
_REMEMBERED = 10_000
_SITE_BITS = 64
"""Of an IPv6 address: one household or office has all the others."""


class Limit(StrEnum):
    """Each limit by the name that its metric has."""

    URL = "url"
    HEADERS = "headers"
    OPEN_REQUESTS = "open_requests"
    ADDRESS_RATE = "address_rate"
    TOKEN_RATE = "token_rate"  # noqa: S105 a word for it, none
    TOKEN_REQUESTS = "token_requests"  # noqa: S105
    TOKEN_PREVIEWS = "token_previews"  # noqa: S105
    TOKEN_EXPORTS = "token_exports"  # noqa: S105
    SLOW_BODY = "slow_body"
    SLOW_READER = "slow_reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much there may be of each, a worker."""

    url_bytes: int
    header_bytes: int
    open_requests: int
    rate_per_address: float
    rate_per_token: float
    requests_per_token: int
    previews_per_token: int
    exports_per_token: int
    body_s: float
    reader_s: float


class Rates:
    """Requests a second of each client, over the last few seconds.

    One number a client: the moment up to which its requests are paid for (the generic cell rate
    algorithm of ATM, ITU-T I.371).
    """

    def __init__(self, per_s: float, *, remembered: int = _REMEMBERED) -> None:
        self._each_s = 1.0 / per_s
        self._remembered = remembered
        self._paid_to: OrderedDict[Hashable, float] = OrderedDict()

    def __len__(self) -> int:
        """Clients that are remembered."""
        return len(self._paid_to)

    def wait_s(self, client: Hashable, now_s: float) -> float:
        """0 where the client may go on, which counts; else after how many seconds it may."""
        paid_to = max(self._paid_to.get(client, 0.0), now_s) + self._each_s
        too_early_s = paid_to - now_s - max(_BURST_S, self._each_s)
        if too_early_s > 0:
            return too_early_s
        self._paid_to[client] = paid_to
        self._paid_to.move_to_end(client)
        if len(self._paid_to) > self._remembered:
            self._paid_to.popitem(last=False)
        return 0.0


class Counts:
    """What each client has in progress; forgets those that have nothing."""

    def __init__(self) -> None:
        self._counts: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        """Clients that have something in progress."""
        return len(self._counts)

    def enter(self, client: Hashable, most: int) -> bool:
        """Count one more, where that is not too many."""
        if self._counts[client] >= most:
            return False
        self._counts[client] += 1
        return True

    def leave(self, client: Hashable) -> None:
        """One of them is done."""
        self._counts[client] -= 1
        if self._counts[client] <= 0:
            del self._counts[client]


def site_of(address: str) -> str:
    """Whom an address counts for: itself, or its site's network where it is one of IPv6."""
    if ":" not in address:
        return address
    found = parsed(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, _SITE_BITS), strict=False))
    return address if found is None else str(found)
