"""May the host's clock be believed, before footage goes for its age? Pure.

Wall time may be set by anybody; time since the machine's boot only runs. The keeper writes both down at
each pass, so the next one knows what wall time has to be, also after a restart. A clock that is far ahead
of that would make everything old at once, one far behind would make what is recorded now old later: both
are refused, until somebody says that the clock is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SAME_BOOT_MS = 3_600_000
"""How far wall time may be from what it has to be: a clock that is set after the start, say."""
OTHER_BOOT_MS = 86_400_000
"""How long a machine may have been off; nothing tells how long it was."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Both clocks of a host at once. ``boot`` names what ``since_boot_ms`` counts from."""

    wall_ms: int
    boot: str
    since_boot_ms: int

    def as_row(self) -> dict[str, Any]:
        """To be written down."""
        return {"wallMs": self.wall_ms, "boot": self.boot, "sinceBootMs": self.since_boot_ms}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Moment:
        """As it was written down."""
        return cls(row["wallMs"], row["boot"], row["sinceBootMs"])


class Jump(StrEnum):
    """How a clock is wrong."""

    AHEAD = "clock_ahead"
    BEHIND = "clock_behind"


@dataclass(frozen=True, slots=True)
class Doubt:
    """The clock says something else than ``expected_ms``, the least that it has to say."""

    jump: Jump
    expected_ms: int


def doubt(seen: Moment | None, now: Moment) -> Doubt | None:
    """What is wrong with the clock, compared with when it was last believed; None where nothing is."""
    if seen is None:
        return None
    is_same = seen.boot == now.boot
    expected_ms = seen.wall_ms + (now.since_boot_ms - seen.since_boot_ms if is_same else 0)
    if now.wall_ms > expected_ms + (SAME_BOOT_MS if is_same else OTHER_BOOT_MS):
        return Doubt(Jump.AHEAD, expected_ms)
    if now.wall_ms < expected_ms - SAME_BOOT_MS:
        return Doubt(Jump.BEHIND, expected_ms)
    return None
