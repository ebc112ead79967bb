"""What an index says of footage that is kept, and of footage that leaves."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Totals:
    """What is kept of an archive in all."""

    first_ms: int
    last_ms: int
    size_bytes: int
    runs: int


@dataclass(frozen=True, slots=True)
class LeavingBlock:
    """A block that was marked for removal."""

    row: int
    archive_id: UUID
    start_ms: int
    size_bytes: int
