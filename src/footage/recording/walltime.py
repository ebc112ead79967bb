"""A source's own timestamps become wall time. Pure.

A run is anchored once: one moment of its own time is one moment of wall time, and from there its
own clock paces it, so its segments meet to the tick whatever their number (invariant 4).
"""

from __future__ import annotations

from dataclasses import dataclass

TICKS_PER_MS = 90


@dataclass(frozen=True, slots=True)
class Anchor:
    """``ticks`` of the source are shown at ``wall_ms``."""

    ticks: int
    wall_ms: int

    def to_ms(self, ticks: int) -> int:
        """Wall time of a moment of the source, to the nearest millisecond."""
        return self.wall_ms + (ticks - self.ticks + TICKS_PER_MS // 2) // TICKS_PER_MS

    @property
    def shift_ticks(self) -> int:
        """What added to a timestamp of the source makes it its wall time in ticks."""
        return self.wall_ms * TICKS_PER_MS - self.ticks
