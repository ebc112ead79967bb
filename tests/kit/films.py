"""Footage to play: clips imported one after the other into an archive of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from footage.media.mpegts import TICKS_PER_MS, WRAP
from kit.archive import START_MS, Shelf
from kit.clips import frames_in
from kit.server import SignedLink
from kit.site import Site

HOUR_MS = 3_600_000
WRAP_MS = (START_MS * TICKS_PER_MS // WRAP + 1) * WRAP // TICKS_PER_MS
"""The first moment after START_MS whose timestamp starts again at zero, or the millisecond before."""


@dataclass(frozen=True)
class Film:
    """An archive that holds ``clips``, which begin at ``starts_ms``; the last ends at ``end_ms``.

    ``frames`` is how many pictures FFmpeg decodes from the clips.
    """

    shelf: Shelf
    link: SignedLink
    clips: tuple[Path, ...]
    starts_ms: tuple[int, ...]
    end_ms: int
    frames: int

    @property
    def length_ms(self) -> int:
        """From the first moment to the last."""
        return self.end_ms - self.starts_ms[0]


def import_film(
    site: Site, clips: Sequence[Path], *, start_ms: int = START_MS, hole_ms: int = HOUR_MS
) -> Film:
    """Import the clips with a hole of ``hole_ms`` before each but the first."""
    return import_pieces(site, clips, [hole_ms] * (len(clips) - 1), start_ms=start_ms)


def import_pieces(
    site: Site, clips: Sequence[Path], holes_ms: Sequence[int], *, start_ms: int, ttl_s: int = 3600
) -> Film:
    """Import the clips with a hole of its own length between each two; its link ends after ``ttl_s``."""
    shelf = site.shelf()
    starts, at_ms = [], start_ms
    for clip, hole_ms in zip(clips, [*holes_ms, 0], strict=True):
        imported = shelf.import_file(clip, at_ms)
        assert imported.span is not None
        assert imported.broken is None
        starts.append(at_ms)
        end_ms = imported.span.end_ms
        at_ms = end_ms + hole_ms
    frames = {clip: frames_in(clip) for clip in set(clips)}
    shown = sum(frames[clip] for clip in clips)
    return Film(shelf, site.link(shelf, ttl_s=ttl_s), tuple(clips), tuple(starts), end_ms, shown)
