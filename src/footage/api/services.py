"""What the handlers work with, put together by ``server`` and handed to each of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from footage.access.signing_keys import SigningKeys
from footage.archive.audit import Audit
from footage.archive.cameras import Cameras
from footage.archive.exports import Exports
from footage.archive.holds import Holds
from footage.archive.keep import Retention
from footage.archive.keys import Keys
from footage.archive.read import Reader
from footage.playback.export import Exporter
from footage.playback.preview import Previewer
from footage.playback.sheets import SheetDrawer


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The archive and its limits, as the HTTP side sees them."""

    reader: Reader
    cameras: Cameras
    keys: Keys
    previewer: Previewer
    sheets: SheetDrawer
    exporter: Exporter
    exports: Exports
    holds: Holds
    retention: Retention
    signing_keys: SigningKeys
    audit: Audit
    token_ttl_s: int
    session_ttl_s: int
    playlist_max_segments: int
    segment_ms: int
    public_url: str | None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    accel_location: str | None
    local_sources: tuple[IPv4Network | IPv6Network, ...]
    check_ready: Callable[[], None]
    clock: Callable[[], float] = field(default=time.time)

    def now_ms(self) -> int:
        """Wall time."""
        return int(self.clock() * 1000)


Injected = SkipValidation[NamedDependency[Services]]
"""How a handler asks for them."""
