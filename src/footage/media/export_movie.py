"""Segments become one MP4, sample by sample and never encoded anew.

A fragmented movie is sent as its segments come. It says before its first sample how long it is and where
in its first GOP it begins, so a player can show it while the rest is still being read. A progressive one
has all its tables before its samples, which every player and editing program takes; it is written into a
file, since its beginning is known last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from footage.media.export_tracks import (
    TICKS_PER_SECOND,
    Buffer,
    PictureTrack,
    SoundTrack,
    Stretch,
    split,
)
from footage.media.mp4_boxes import (
    LEAST_FREE_BYTES,
    Chunk,
    TrackHeader,
    data_head,
    file_type,
    fragment,
    fragment_index,
    free_space,
    movie,
)
from footage.media.mp4_tables import SampleTables
from footage.media.mpegts import TICKS_PER_MS
from footage.media.sample_entries import picture_entry, sound_entry
from footage.media.segment_samples import Samples, samples_of
from footage.media.silence import silent_frame
from footage.timeline import Codecs

_PICTURES, _SOUND = 1, 2
_LC = 1
_PIECE_BYTES = 256 << 10
_TABLES_BYTES_A_SAMPLE = 20
"""At worst: its size, and a run of its own for its length and for its composition offset."""
_HEAD_BYTES = 16 << 10
"""What stands there whatever the number of samples, and more."""

_Taken = tuple[int, Chunk, list[Buffer]]
"""A track's number, samples, and their bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieForm:
    """What a movie is: ``codecs`` of its pictures and, where one of its runs has any, of its sound.

    ``sets_in_band`` where its runs differ in their parameter sets. ``nothing_beyond`` where not
    even hidden samples may come from outside its time.
    """

    codecs: Codecs
    duration_ms: int
    sets_in_band: bool
    nothing_beyond: bool


class Tracks:
    """The tracks of a movie, filled a segment at a time. ``sound_like`` is an ADTS header."""

    def __init__(self, form: MovieForm, sound_like: bytes, *, in_fragments: bool) -> None:
        self.form = form
        end = form.duration_ms * TICKS_PER_MS
        codecs, self._sound_like = form.codecs, sound_like
        self.pictures = PictureTrack(end=end, nothing_beyond=form.nothing_beyond, in_fragments=in_fragments)
        self.sound: SoundTrack | None = None
        if codecs.audio is not None:
            silence = silent_frame(codecs.channels) if sound_like[2] >> 6 == _LC else None
            self.sound = SoundTrack(
                codecs.sample_rate, end=end, silence=silence, nothing_beyond=form.nothing_beyond
            )
        self._entry = b""
        self.samples_met = 0

    def take(self, data: bytes, stretch: Stretch) -> list[_Taken]:
        """The samples of a segment by their track's number. Raises Damaged, NotReadable."""
        form = self.form
        samples: Samples = samples_of(data, form.codecs.video, sets_in_band=form.sets_in_band)
        self.samples_met += len(samples.pictures) + len(samples.sound)
        self._entry = self._entry or picture_entry(data, form.codecs.video, sets_in_band=form.sets_in_band)
        taken = [(_PICTURES, self.pictures.take(samples.pictures, stretch))]
        if self.sound is not None:
            taken.append((_SOUND, self.sound.take(samples.sound, stretch)))
        return [(number, *chunk) for number, chunk in taken if chunk is not None]

    def headers(self) -> list[TrackHeader]:
        """What ``moov`` says of them; to be asked after the first segment."""
        codecs = self.form.codecs
        headers = [
            TrackHeader(
                _PICTURES,
                TICKS_PER_SECOND,
                self._entry,
                self.pictures.lead or 0,
                codecs.width,
                codecs.height,
            )
        ]
        if self.sound is not None:
            entry = sound_entry(self._sound_like)
            headers.append(TrackHeader(_SOUND, codecs.sample_rate, entry, self.sound.lead or 0, 0, 0))
        return headers


class FragmentedMovie:
    """A movie that can be sent while it is made: a fragment a segment."""

    def __init__(self, form: MovieForm, sound_like: bytes) -> None:
        self.tracks = Tracks(form, sound_like, in_fragments=True)
        self._headers: dict[int, TrackHeader] = {}
        self._number = 0
        self._at_bytes = 0
        self._places: list[tuple[int, int]] = []

    def take(self, data: bytes, stretch: Stretch) -> Iterator[bytes]:
        """What is to be sent for one more segment. Raises Damaged, NotReadable."""
        chunks = self.tracks.take(data, stretch)
        if chunks:
            yield from self._counted(self._fragments(chunks) if self._headers else self._begin(chunks))

    def end(self) -> bytes:
        """What is sent last."""
        return fragment_index(self._headers[_PICTURES], self._places) if self._headers else b""

    def _begin(self, chunks: Sequence[_Taken]) -> Iterator[bytes]:
        """The head of the movie, with the first segment's samples in its own tables.

        They are no fragment, because FFmpeg hides what lies before an edit only there.
        """
        headers = self.tracks.headers()
        self._headers = {header.number: header for header in headers}
        tables = {header.number: SampleTables() for header in headers}
        size = 0
        for number, chunk, _ in chunks:
            tables[number].add(chunk, size)
            size += chunk.size_bytes
        form = file_type(fragmented=True)
        data_at = 0
        for _ in range(2):
            # The tables' own size does not hang on what they say.
            head = _head(headers, tables, self.tracks.form.duration_ms, data_at, fragmented=True)
            data_at = len(form) + len(head) + len(data_head(size))
        yield from _gathered([form, head, data_head(size), *(p for _, _, data in chunks for p in data)])

    def _fragments(self, chunks: Sequence[_Taken]) -> Iterator[bytes]:
        """One, but for the end of a movie whose last pictures lean on later ones."""
        number, chunk, data = chunks[0]
        if number != _PICTURES:
            yield from self._fragment(chunks)
            return
        self._places.append((chunk.decode_time, self._at_bytes))
        first, *others = split(chunk, data)
        yield from self._fragment([(number, *first), *chunks[1:]])
        for other in others:
            yield from self._fragment([(number, *other)])

    def _fragment(self, chunks: Sequence[_Taken]) -> Iterator[bytes]:
        self._number += 1
        head = fragment(self._number, [(self._headers[number], chunk) for number, chunk, _ in chunks])
        yield from _gathered([head, *(piece for _, _, data in chunks for piece in data)])

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._at_bytes += len(piece)
            yield piece


class ProgressiveMovie:
    """A movie whose tables come first: samples are gathered, and the head is made when all are there.

    Whoever writes it leaves room for the head, as much as is guessed from the first segment.
    """

    def __init__(self, form: MovieForm, sound_like: bytes) -> None:
        self._tracks = Tracks(form, sound_like, in_fragments=False)
        self._tables: dict[int, SampleTables] = {}
        self._duration_ms = form.duration_ms
        self.data_bytes = 0
        self.room_bytes = 0
        """Where to begin with the samples: what the head takes, unless more of them come than the first
        segment lets expect. Known after that segment."""

    def take(self, data: bytes, stretch: Stretch) -> Iterator[bytes]:
        """What follows in the samples' data for one more segment. Raises Damaged, NotReadable."""
        chunks = self._tracks.take(data, stretch)
        if not self.room_bytes:
            usual = self._tracks.samples_met * TICKS_PER_MS / (stretch.until - stretch.at)
            expected = int(usual * 1.1 * self._duration_ms)
            self.room_bytes = _HEAD_BYTES + _TABLES_BYTES_A_SAMPLE * expected
        buffers: list[Buffer] = []
        for number, chunk, pieces in chunks:
            self._tables.setdefault(number, SampleTables()).add(chunk, self.data_bytes)
            self.data_bytes += chunk.size_bytes
            buffers += pieces
        yield from _gathered(buffers)

    def head(self) -> bytes:
        """All that stands before the samples: ``room_bytes``, or more where that is too little."""
        headers = self._tracks.headers()
        for header in headers:
            self._tables.setdefault(header.number, SampleTables())
        form, data = file_type(fragmented=False), data_head(self.data_bytes)
        data_at = self.room_bytes
        while True:
            head = _head(headers, self._tables, self._duration_ms, data_at, fragmented=False)
            length = len(form) + len(head) + len(data)
            spare = data_at - length
            if spare == 0 or spare >= LEAST_FREE_BYTES:
                return form + head + free_space(spare) + data
            # Where the data begins can change how wide its places are written, and so the length again.
            data_at = length if spare < 0 else data_at + LEAST_FREE_BYTES


def _head(
    headers: Sequence[TrackHeader],
    tables: Mapping[int, SampleTables],
    duration_ms: int,
    data_at: int,
    *,
    fragmented: bool,
) -> bytes:
    tracks = [(each, tables[each.number].length, tables[each.number].boxes(data_at)) for each in headers]
    return movie(tracks, duration_ms, fragmented=fragmented)


def _gathered(buffers: Sequence[Buffer]) -> Iterator[bytes]:
    """The same bytes in pieces of a size that is good to send."""
    first = size = 0
    for number, buffer in enumerate(buffers, 1):
        size += len(buffer)
        if size >= _PIECE_BYTES:
            yield b"".join(buffers[first:number])
            first, size = number, 0
    if size:
        yield b"".join(buffers[first:])
