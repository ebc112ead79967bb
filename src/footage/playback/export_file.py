"""A span as a progressive MP4, written into a draft: its tables first, then its samples.

The samples are written once, behind as much room as the tables will about take; what of the room is left
over is said to be free. Where the tables turn out larger, the samples are moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

from footage.archive.read import KeptSegment
from footage.archive.storage import Draft
from footage.media.errors import NotReadable
from footage.media.export_movie import ProgressiveMovie
from footage.media.segment_samples import Damaged
from footage.playback.export import Broken, Exporter
from footage.playback.export_plan import ExportPlan, Piece
from footage.timeline import Archive

OnSegment = Callable[[KeptSegment, bytes], None]


def write_movie(
    exporter: Exporter, archive: Archive, plan: ExportPlan, draft: Draft, on_segment: OnSegment
) -> int:
    """Write the movie of a plan; its size in bytes. Raises Broken, Unavailable, Full.

    ``on_segment`` hears of each segment with its bytes when it is written; what it raises ends the work.
    """
    movie = ProgressiveMovie(plan.form, exporter.sound_like(archive, plan))
    at = 0
    for piece, kept, data in exporter.segments(archive, plan):
        for samples in _samples(movie, piece, kept, data):
            at = at or movie.room_bytes
            draft.write(samples, at)
            at += len(samples)
        on_segment(kept, data)
    if not movie.data_bytes:
        raise Broken("there is no picture in it")
    head = movie.head()
    if len(head) != movie.room_bytes:
        draft.move(movie.room_bytes, len(head), movie.data_bytes)
    draft.write(head, 0)
    return len(head) + movie.data_bytes


def digest(draft: Draft, on_progress: Callable[[], None]) -> str:
    """The SHA-256 of what was written, in hexadecimal. Raises Unavailable, and what is raised meanwhile."""
    found = sha256()
    for piece in draft.pieces():
        found.update(piece)
        on_progress()
    return found.hexdigest()


def _samples(movie: ProgressiveMovie, piece: Piece, kept: KeptSegment, data: bytes) -> Iterator[bytes]:
    try:
        yield from movie.take(data, piece.stretch(kept.segment))
    except (Damaged, NotReadable) as error:
        raise Broken(f"the segment at {kept.segment.start_ms} cannot be taken apart") from error
