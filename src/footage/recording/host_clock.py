"""The host's clocks, passed in wherever time is read."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostClock:
    """The host's two clocks in seconds: one that runs evenly, and wall time, which may be set."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time

    def offset_ms(self) -> float:
        """What makes the first the second."""
        return (self.wall() - self.monotonic()) * 1000

    def now_ms(self) -> int:
        """Wall time."""
        return int(self.wall() * 1000)
