"""What of a span goes into one MP4, and where: which runs, cut where, one after the other. Pure.

Gaps are closed. What one file cannot hold, because pictures or sound change in a way that it cannot
say, is found here, before the first byte is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from footage.archive.read import Part
from footage.media.export_movie import MovieForm
from footage.media.export_tracks import Stretch
from footage.media.mpegts import TICKS_PER_MS
from footage.timeline import Codecs, Segment, Span, format_ms


class NothingKept(Exception):
    """Nothing of the span is kept."""


class Changed(Exception):
    """Pictures or sound change at ``moment_ms`` so that one file cannot hold both sides."""

    def __init__(self, moment_ms: int, what: str) -> None:
        super().__init__(f"{what} at {format_ms(moment_ms)}")
        self.moment_ms = moment_ms
        self.what = what


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one run: the wall time that is shown of it, and where that is in the movie (ms)."""

    shown: Span
    place_ms: int
    codecs: Codecs

    def stretch(self, segment: Segment) -> Stretch:
        """Where one of its segments is in the movie."""
        at_ms = self.place_ms + segment.start_ms - self.shown.start_ms
        return Stretch(
            wall_ms=segment.start_ms,
            at=at_ms * TICKS_PER_MS,
            until=(at_ms + segment.duration_ms) * TICKS_PER_MS,
            piece_from=self.place_ms * TICKS_PER_MS,
            piece_to=(self.place_ms + self.shown.duration_ms) * TICKS_PER_MS,
        )


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """The pieces of a movie, ascending, and what it is.

    It is made of the segments of ``kept``, which hold ``footage_bytes``.
    """

    pieces: tuple[Piece, ...]
    form: MovieForm
    kept: Span
    footage_bytes: int

    @property
    def shown(self) -> Span:
        """From the first moment that is shown to the last, gaps included."""
        return Span(self.pieces[0].shown.start_ms, self.pieces[-1].shown.end_ms)

    @property
    def gaps(self) -> list[Span]:
        """What was closed, inside ``shown``."""
        ends = zip(self.pieces, self.pieces[1:], strict=False)
        return [
            Span(one.shown.end_ms, other.shown.start_ms)
            for one, other in ends
            if one.shown.end_ms < other.shown.start_ms
        ]


def plan_export(parts: Sequence[Part], span: Span, *, nothing_beyond: bool) -> ExportPlan:
    """Plan a movie of what ascending ``parts`` keep of ``span``.

    Raises NothingKept, Changed.
    """
    pieces: list[Piece] = []
    used: list[Part] = []
    place_ms = 0
    for part in parts:
        shown = part.span.cut_to(span)
        if shown.duration_ms:
            pieces.append(Piece(shown, place_ms, part.run.codecs))
            used.append(part)
            place_ms += shown.duration_ms
    if not pieces:
        raise NothingKept
    codecs = _shared(pieces)
    form = MovieForm(
        codecs=codecs,
        duration_ms=place_ms,
        sets_in_band=len({piece.codecs.fingerprint for piece in pieces}) > 1,
        nothing_beyond=nothing_beyond,
    )
    kept = Span(used[0].start_ms, used[-1].end_ms)
    return ExportPlan(tuple(pieces), form, kept, sum(part.size_bytes for part in used))


def _shared(pieces: Sequence[Piece]) -> Codecs:
    """The codecs that all pieces have, the sound of those that have any. Raises Changed."""
    shared = pieces[0].codecs
    for piece in pieces:
        codecs, moment_ms = piece.codecs, piece.shown.start_ms
        if codecs.video != shared.video:
            names = f"{shared.video} to {codecs.video}"
            raise Changed(moment_ms, f"The codec of the pictures changes from {names}")
        if (codecs.width, codecs.height) != (shared.width, shared.height):
            sizes = f"{shared.width}x{shared.height} to {codecs.width}x{codecs.height}"
            raise Changed(moment_ms, f"The size of the pictures changes from {sizes}")
        if codecs.audio is None:
            continue
        if shared.audio is None:
            shared = replace(
                shared, audio=codecs.audio, sample_rate=codecs.sample_rate, channels=codecs.channels
            )
        elif _sound(codecs) != _sound(shared):
            raise Changed(moment_ms, f"The sound changes from {_words(shared)} to {_words(codecs)}")
    return shared


def _sound(codecs: Codecs) -> tuple[str | None, int, int]:
    return codecs.audio, codecs.sample_rate, codecs.channels


def _words(codecs: Codecs) -> str:
    return f"{codecs.sample_rate} Hz and {codecs.channels} channels"
