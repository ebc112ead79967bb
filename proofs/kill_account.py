"""What a camera sent while its recorder was killed over and over, against what is kept of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from footage.timeline import Span
from proofs.kept import Picture, missing, twice
from proofs.witness import Stretch

SEGMENT_MS, GOP_MS, STEP_MS = 2000, 1000, 100
"""How long segments, GOPs and single pictures last."""
_HELD_MS = 3000
"""So long the first GOPs of a connection wait before they are cut (recording/recorder.py)."""


@dataclass(frozen=True)
class Kill:
    """When it came, and how; ``died`` names the segment between whose bytes and row that was."""

    wall_ms: int
    how: str
    died: tuple[int, int] | None = None


@dataclass
class Outcome:
    """What became of the recordings of one data folder; ``faults`` are what must not be."""

    name: str
    kills: list[Kill]
    pictures: int = 0
    segments: int = 0
    runs: int = 0
    taken_in: int = 0
    lateness_ms: int = 0
    owed_ms: int = 0
    lost_ms: list[int] = field(default_factory=list)
    """What was lost before a kill, for each camera that had kept something of its connection."""
    away_ms: list[int] = field(default_factory=list)
    """From such a kill to the next picture that is kept."""
    faults: list[str] = field(default_factory=list)


class Account:
    """One camera's; ``began_ms`` are the moments at which its recorder said that it records."""

    def __init__(
        self, pictures: list[Picture], stretches: list[Stretch], began_ms: list[int], outcome: Outcome
    ) -> None:
        self._pictures = pictures
        self._stretches = stretches
        self._began_ms = began_ms
        self._outcome = outcome
        self._kills_ms = [kill.wall_ms for kill in outcome.kills]

    def settle(self) -> list[str]:
        """Count what the kills cost, and tell what is missing of what was owed, or there twice."""
        for killed_ms in self._kills_ms:
            self._count_loss(killed_ms)
        owed = [span for stretch in self._stretches if (span := self._owed(stretch)) is not None]
        self._outcome.owed_ms += sum(span.end_ms - span.start_ms for span in owed)
        return missing(self._pictures, owed) + twice(self._pictures)

    def _owed(self, stretch: Stretch) -> Span | None:
        """From the first keyframe of a connection up to the segment in progress at its end."""
        late_ms = self._outcome.lateness_ms
        killed_ms = next((ms for ms in self._kills_ms if ms >= stretch.from_ms), None)
        end_ms = stretch.to_ms - GOP_MS
        if killed_ms is not None:
            began_ms = [ms for ms in self._began_ms if stretch.from_ms <= ms <= killed_ms]
            if not began_ms or killed_ms - began_ms[0] < _HELD_MS + GOP_MS + late_ms:
                return None
            # It is complete when the keyframe after it has come.
            end_ms = killed_ms - SEGMENT_MS - STEP_MS
        start_ms, end_ms = stretch.from_ms + GOP_MS + late_ms, end_ms - late_ms
        return Span(start_ms, end_ms) if start_ms < end_ms else None

    def _count_loss(self, killed_ms: int) -> None:
        stretch = next((s for s in reversed(self._stretches) if s.from_ms <= killed_ms), None)
        before = max((p.moment_ms for p in self._pictures if p.moment_ms <= killed_ms), default=0)
        after = min((p.moment_ms for p in self._pictures if p.moment_ms > killed_ms), default=None)
        if stretch is not None and before >= stretch.from_ms:
            self._outcome.lost_ms.append(killed_ms - before)
            if after is not None:
                self._outcome.away_ms.append(after - killed_ms)


ROWS = (
    "recorder",
    "kills",
    "pictures kept",
    "runs, segments",
    "segments taken in from tails",
    "lost before a kill, median and most, s",
    "kill to next picture kept, median and most, s",
    "a row late by at most, s",
    "owed and looked at, camera seconds",
)


def as_text(outcomes: list[Outcome]) -> str:
    """A table of what was found."""
    columns = [ROWS, *(column(outcome) for outcome in outcomes)]
    lines = [f"| {' | '.join(row)} |" for row in zip(*columns, strict=True)]
    return "\n".join([lines[0], "|---" * len(columns) + "|", *lines[1:]])


def column(one: Outcome) -> tuple[str, ...]:
    """What ``ROWS`` name of an outcome."""
    kinds = ", ".join(f"{n} {how}" for how, n in Counter(kill.how for kill in one.kills).items())
    return (
        one.name,
        f"{len(one.kills)}: {kinds}",
        str(one.pictures),
        f"{one.runs}, {one.segments}",
        str(one.taken_in),
        _median_and_most(one.lost_ms),
        _median_and_most(one.away_ms),
        f"{one.lateness_ms / 1000:.1f}",
        f"{one.owed_ms / 1000:.0f}",
    )


def _median_and_most(values_ms: list[int]) -> str:
    return f"{median(values_ms) / 1000:.1f}, {max(values_ms) / 1000:.1f}" if values_ms else "none"
