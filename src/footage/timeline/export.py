"""An export made in the background: what it is to hold, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from footage.timeline.kept import Archive
from footage.timeline.span import ALL_TIME, Span


class ExportState(StrEnum):
    """How far an export is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    """Its file is whole, and there until it expires."""
    FAILED = "failed"
    """It cannot be made; the reason says why."""
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """True while the footage is needed."""
        return self in (ExportState.WAITING, ExportState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One export.

    ``shown`` is what its movie shows. Nothing in its file is from outside ``reach``, hidden pictures
    included; ``is_limited`` where even what could be hidden was to stay out. ``size_bytes`` is about what
    the file takes until it is done, then exactly. ``fence`` counts the tries, and names the file.
    """

    id: UUID
    archive: Archive
    shown: Span
    reach: Span
    is_limited: bool
    state: ExportState = ExportState.WAITING
    reason: str | None = None
    read_bytes: int = 0
    """Bytes of footage read by now."""
    total_bytes: int
    """Bytes of footage to be read."""
    size_bytes: int
    sha256: str | None = None
    manifest_bytes: int | None = None
    """How long its manifest is."""
    created_ms: int
    done_ms: int | None = None
    """When it ended, however that was."""
    expires_ms: int | None = None
    """When it is forgotten, file and all; not known before it ended."""
    fence: int = 0

    @property
    def limits(self) -> Span:
        """What to make it within."""
        return self.reach if self.is_limited else ALL_TIME
