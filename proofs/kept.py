"""Everything that an archive keeps, read back to the pictures, and held against its invariants.

The pictures count themselves, so what is missing between two of them is known whatever their time
in the archive.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import av
import numpy as np

from footage.archive.read import Part, Reader
from footage.media.pattern import read_strip
from footage.media.sealed import sealed_segments
from footage.timeline import ALL_TIME, Archive, Span

_NEVER_MS = 1 << 60
_SETTLED_MS = 6000
"""The first GOPs of a connection wait before they are cut, so the rows of a run's begin come late."""


class Picture(NamedTuple):
    """The wall time at which a picture was drawn, which one it was, and of which film, by its width."""

    moment_ms: int
    number: int
    width: int


@dataclass(frozen=True, slots=True)
class KeptSegment:
    """A segment, the pictures that can be read in it, and how many cannot."""

    span: Span
    run_start_ms: int
    pictures: tuple[Picture, ...]
    unreadable: int


class Hole(NamedTuple):
    """Between two pictures that are kept and do not follow each other: when those were drawn."""

    from_ms: int
    to_ms: int

    def meets(self, owed: Span) -> bool:
        """Whether something is missing that was owed."""
        return self.from_ms < owed.end_ms and owed.start_ms < self.to_ms


def kept_segments(
    reader: Reader, archive: Archive, span: Span = ALL_TIME
) -> tuple[list[Part], list[KeptSegment]]:
    """The runs in a span, and all their segments. Raises AssertionError where an invariant is broken.

    Each row's bytes are there, and are what they were sealed as (1); no two segments overlap, and
    those of a run meet (4); each segment decodes alone.
    """
    parts, table = reader.parts_and_segments(archive, span)
    rest = list(zip(table.start_ms.tolist(), table.duration_ms.tolist(), strict=True))
    segments = []
    for part in parts:
        at_ms = part.start_ms
        while at_ms < part.end_ms:
            assert rest, f"the run at {part.start_ms} has no segment at {at_ms}"
            start_ms, duration_ms = rest.pop(0)
            assert start_ms == at_ms, f"a run's segment is at {start_ms}, not at {at_ms}"
            segments.append(_read(reader, archive, start_ms, part.run.start_ms))
            at_ms += duration_ms
        assert at_ms == part.end_ms, f"the run's last segment ends at {at_ms}, it at {part.end_ms}"
    assert not rest, f"{len(rest)} segments belong to no run"
    for earlier, later in pairwise(segments):
        assert earlier.span.end_ms <= later.span.start_ms, f"{earlier.span} and {later.span} overlap"
    return parts, segments


def _read(reader: Reader, archive: Archive, start_ms: int, run_start_ms: int) -> KeptSegment:
    kept = reader.segment(archive, start_ms)
    assert kept is not None
    data = reader.data(kept)
    found = [segment for segment, _ in sealed_segments(data)]
    assert found == [kept.segment], f"the bytes of {kept.segment.span} are not what its row says"
    pictures, unreadable = [], 0
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        container.streams.video[0].thread_count = 1
        for frame in container.decode(video=0):
            luma = np.asarray(frame.to_ndarray()[: frame.height], np.uint8)
            try:
                pictures.append(Picture(*read_strip(luma), frame.width))
            except ValueError:
                unreadable += 1
    assert pictures or unreadable, f"{kept.segment.span} does not decode alone"
    return KeptSegment(kept.segment.span, run_start_ms, tuple(pictures), unreadable)


def in_order(segments: Iterable[KeptSegment]) -> list[Picture]:
    """All pictures as they were drawn."""
    return sorted(picture for segment in segments for picture in segment.pictures)


def twice(pictures: list[Picture], hurt: Collection[Span] = ()) -> list[str]:
    """Pictures that are kept more than once, in words.

    In the time of ``hurt`` a decoder may have shown one again in the place of one that was lost.
    """
    return [
        f"picture {earlier.number}, drawn at {earlier.moment_ms}, is kept twice"
        for earlier, later in pairwise(pictures)
        if earlier == later and not any(span.start_ms <= earlier.moment_ms < span.end_ms for span in hurt)
    ]


def missing(pictures: list[Picture], owed: Iterable[Span]) -> list[str]:
    """What is not there of what was owed, in words."""
    found = _holes(pictures)
    return [
        f"pictures drawn from {hole.from_ms} to {hole.to_ms} are missing, and {span} was owed"
        for span in owed
        for hole in found
        if hole.meets(span)
    ]


def _holes(pictures: list[Picture]) -> list[Hole]:
    """Where pictures are missing, or the film changes; so before the first and after the last."""
    if not pictures:
        return [Hole(0, _NEVER_MS)]
    between = [
        Hole(earlier.moment_ms, later.moment_ms)
        for earlier, later in pairwise(pictures)
        if earlier != later and (later.number, later.width) != (earlier.number + 1, earlier.width)
    ]
    return [Hole(0, pictures[0].moment_ms), *between, Hole(pictures[-1].moment_ms, _NEVER_MS)]


def lateness_ms(segments: Iterable[KeptSegment], seen_ms: Mapping[int, int]) -> list[int]:
    """How long after the last picture of a segment its row was seen; ``seen_ms`` by its start."""
    return [
        seen_ms[segment.span.start_ms] - segment.pictures[-1].moment_ms
        for segment in segments
        if segment.span.start_ms in seen_ms
        and segment.pictures
        and segment.span.start_ms - segment.run_start_ms >= _SETTLED_MS
    ]
