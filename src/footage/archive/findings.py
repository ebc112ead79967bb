"""What a check can find: the words of its report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol
from uuid import UUID

from footage.timeline import Segment, Span


class Level(IntEnum):
    """How closely a check looks; each does what those before it do."""

    PRESENCE = 0
    SIZE = 1
    CHECKSUM = 2
    DECODE = 3


class Kind(StrEnum):
    """What is not as it should be; docs/guide/check.md says what each means and what to do."""

    MISSING = "missing"
    """The index names a block that the storage does not have."""
    SHORT = "short"
    """A block's file ends before the bytes that the index promises."""
    DAMAGED = "damaged"
    """A segment's bytes are not those that were written."""
    UNDECODABLE = "undecodable"
    """A segment's bytes are what was written, and a decoder stumbles over them."""
    UNINDEXED = "unindexed"
    """Whole segments that the index does not know."""
    UNKNOWN_ARCHIVE = "unknown_archive"
    """Footage of an archive that the index does not know."""
    CARD = "card"
    """A camera's card is missing, or old."""
    LEFTOVER = "leftover"
    """Bytes that no segment can be made of: begun and never finished."""
    LEAVING = "leaving"
    """A removal was begun and is not finished."""
    ASIDE = "aside"
    """Bytes that were set aside."""
    FOREIGN = "foreign"
    """A file that is not of this program."""


NOTICES = frozenset({Kind.LEFTOVER, Kind.LEAVING, Kind.ASIDE, Kind.FOREIGN})
"""Kinds that take nothing away from what is kept: told of, and no faults."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found. ``span`` and ``size_bytes`` tell how much footage it is about."""

    kind: Kind
    archive_id: UUID
    name: str
    """Of the file, as the storage knows it."""
    start_ms: int | None = None
    """Of the block; None where it is none."""
    span: Span | None = None
    size_bytes: int = 0
    detail: str = ""
    kept: int = 0
    """How many segments of a block are still whole (``short``), or how many bytes (``leftover``)."""

    @property
    def is_fault(self) -> bool:
        """False for what is only told of."""
        return self.kind not in NOTICES


class SealedSegment(Protocol):
    """A segment as its own bytes tell it."""

    @property
    def segment(self) -> Segment:
        """When it is, and what of."""


Read = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Eyes:
    """What can look into bytes; the archive itself knows nothing of video."""

    sealed: Callable[[Read, int, int], Iterator[SealedSegment]]
    """The sealed segments of a block between two of its bytes."""
    decoded: Callable[[bytes], str | None]
    """Decodes a whole segment; what is wrong with it in words, or None."""
