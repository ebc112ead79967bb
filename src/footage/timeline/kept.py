"""What is kept of a camera: runs of blocks of segments.

The glossary of the contract as values. Times are wall time in ms, sizes bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from footage.timeline.span import Span


@dataclass(frozen=True, slots=True)
class Archive:
    """Everything kept of one camera: its public ``id``, and the ``number`` the index knows it by.

    Raising ``token_epoch`` revokes every link to it.
    """

    number: int
    id: UUID
    camera_id: UUID
    token_epoch: int


@dataclass(frozen=True, slots=True)
class Codecs:
    """What a decoder must know of a run, in words, and ``fingerprint`` to tell two runs apart.

    ``video`` is ``h264`` or ``hevc``, ``audio`` is ``aac`` or None. ``fingerprint`` covers the
    parameter sets too: two runs of equal fingerprint can be played one after the other without
    a new decoder.
    """

    video: str
    width: int
    height: int
    audio: str | None
    sample_rate: int
    channels: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A picture that decodes alone: when it is shown, and where its bytes lie in its segment."""

    offset_ms: int
    at_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Segment:
    """The smallest piece that can be served: starts with a keyframe, decodes alone."""

    start_ms: int
    duration_ms: int
    size_bytes: int
    crc32: int
    keyframes: tuple[Keyframe, ...]

    @property
    def end_ms(self) -> int:
        """Where the next segment of the run starts."""
        return self.start_ms + self.duration_ms

    @property
    def span(self) -> Span:
        """The wall time it covers."""
        return Span(self.start_ms, self.end_ms)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole consecutive segments of one run, kept in one file or object.

    ``bytes_from`` and ``bytes_to`` count the bytes of the run up to its start and its end, so the
    size of any stretch of a run is a difference of two of them.
    """

    start_ms: int
    bytes_from: int
    segments: tuple[Segment, ...]

    @property
    def end_ms(self) -> int:
        """Where its last segment ends."""
        return self.segments[-1].end_ms

    @property
    def bytes_to(self) -> int:
        """The bytes of the run up to the end of this block."""
        return self.bytes_from + sum(segment.size_bytes for segment in self.segments)


class Run(NamedTuple):
    """Footage recorded without interruption: one source, one set of codecs, one clock anchor.

    A tuple, because a year's timeline makes a thousand of them.
    """

    id: int
    start_ms: int
    end_ms: int
    bytes_from: int
    bytes_to: int
    codecs: Codecs

    @property
    def size_bytes(self) -> int:
        """Bytes kept of it."""
        return self.bytes_to - self.bytes_from

    @property
    def span(self) -> Span:
        """The wall time it covers, without holes."""
        return Span(self.start_ms, self.end_ms)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentTable:
    """Ascending segments as columns, for the paths that meet thousands of them.

    Three arrays of one length, int64.
    """

    start_ms: NDArray[np.int64]
    duration_ms: NDArray[np.int64]
    size_bytes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start_ms)
