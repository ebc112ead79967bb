"""Footage to play: clips imported one after the other into an archive of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from footage.media.mpegts import TICKS_PER_MS, WRAP
from kit.archive import START_MS
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
    shelf = site.shelf()
    starts, at_ms = [], start_ms
    for clip in clips:
        imported = shelf.import_file(clip, at_ms)
        assert imported.span is not None
        assert imported.broken is None
        starts.append(at_ms)
        end_ms = imported.span.end_ms
        at_ms = end_ms + hole_ms
    frames = {clip: frames_in(clip) for clip in set(clips)}
    return Film(site.link(shelf), tuple(clips), tuple(starts), end_ms, sum(frames[clip] for clip in clips))
