"""The boxes of an MP4 file that holds one track of pictures and at most one of sound. Pure.

After ISO/IEC 14496-12: 6.2 (boxes), 8.2 to 8.7 (a movie's tracks and tables), 8.8 (fragments). Times
of the movie are ms, times of a track in its own timescale.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOVIE_TIMESCALE = 1000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNKNOWN_LANGUAGE = 0x55C4
_ENABLED_IN_MOVIE = 7
_DEFAULT_BASE_IS_MOOF = 0x020000
_TRUN_FLAGS = 0x000001 | 0x000100 | 0x000200 | 0x000400 | 0x000800
"""Data offset; and of each sample duration, size, flags and composition offset."""
SYNC, NOT_SYNC = 0x02000000, 0x01010000
"""A sample that decodes alone, and one that does not (8.8.3.1)."""
_LARGE = 1 << 32
LEAST_FREE_BYTES = 8
"""What a box is at least."""


@dataclass(frozen=True, slots=True)
class TrackHeader:
    """What stands of a track in ``moov``.

    ``entry`` is its sample entry. Playing begins at ``media_start`` of its own time (the edit list).
    ``width`` is 0 for sound.
    """

    number: int
    timescale: int
    entry: bytes
    media_start: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples of one track that follow each other, from ``decode_time`` on: one row a sample.

    ``rows`` are duration, size in bytes, flags and composition offset, int64.
    """

    decode_time: int
    rows: NDArray[np.int64]

    @property
    def size_bytes(self) -> int:
        """Bytes of all its samples."""
        return int(self.rows[:, 1].sum())


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of these contents."""
    return struct.pack(">I4s", 8 + sum(map(len, parts)), kind) + b"".join(parts)


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def file_type(*, fragmented: bool) -> bytes:
    """``ftyp``."""
    major, *others = (b"iso6", b"isom", b"mp41") if fragmented else (b"isom", b"iso2", b"mp41")
    return box(b"ftyp", major, struct.pack(">I", 512), major, *others)


def data_head(size_bytes: int) -> bytes:
    """The head of ``mdat`` for so many bytes; as long as it must be."""
    if size_bytes + 8 < _LARGE:
        return struct.pack(">I4s", 8 + size_bytes, b"mdat")
    return struct.pack(">I4sQ", 1, b"mdat", 16 + size_bytes)


def free_space(size_bytes: int) -> bytes:
    """``free``: so many bytes that say nothing; none, or at least what a box is."""
    return box(b"free", bytes(size_bytes - LEAST_FREE_BYTES)) if size_bytes else b""


def movie(tracks: Sequence[tuple[TrackHeader, int, bytes]], duration_ms: int, *, fragmented: bool) -> bytes:
    """``moov``: of each track its length and its sample tables.

    Where it is ``fragmented`` more samples follow, and ``duration_ms`` counts them too.
    """
    extends = [full_box(b"mehd", 1, 0, struct.pack(">Q", duration_ms))]
    for track, _, _ in tracks:
        extends.append(full_box(b"trex", 0, 0, struct.pack(">5I", track.number, 1, 0, 0, 0)))
    return box(
        b"moov",
        _movie_header(duration_ms, len(tracks)),
        *(_track(track, duration_ms, length, tables) for track, length, tables in tracks),
        box(b"mvex", *extends) if fragmented else b"",
    )


def fragment(number: int, chunks: Sequence[tuple[TrackHeader, Chunk]]) -> bytes:
    """``moof`` and the head of its ``mdat``, which holds the chunks' samples one after the other."""
    empty = _movie_fragment(number, chunks, 0)
    size = sum(chunk.size_bytes for _, chunk in chunks)
    head = data_head(size)
    return _movie_fragment(number, chunks, len(empty) + len(head)) + head


def fragment_index(track: TrackHeader, places: Sequence[tuple[int, int]]) -> bytes:
    """``mfra``: where the fragments are, by time and byte, for players that seek (8.8.9)."""
    entries = b"".join(struct.pack(">QQBBB", time, at, 1, 1, 1) for time, at in places)
    table = full_box(b"tfra", 1, 0, struct.pack(">III", track.number, 0, len(places)), entries)
    size = 8 + len(table) + 16
    return box(b"mfra", table, full_box(b"mfro", 0, 0, struct.pack(">I", size)))


def _movie_fragment(number: int, chunks: Sequence[tuple[TrackHeader, Chunk]], data_at: int) -> bytes:
    parts = []
    for track, chunk in chunks:
        rows = chunk.rows.astype(">i4").tobytes()
        run = struct.pack(">Ii", len(chunk.rows), data_at)
        parts.append(
            box(
                b"traf",
                full_box(b"tfhd", 0, _DEFAULT_BASE_IS_MOOF, struct.pack(">I", track.number)),
                full_box(b"tfdt", 1, 0, struct.pack(">Q", chunk.decode_time)),
                full_box(b"trun", 1, _TRUN_FLAGS, run, rows),
            )
        )
        data_at += chunk.size_bytes
    return box(b"moof", full_box(b"mfhd", 0, 0, struct.pack(">I", number)), *parts)


def _movie_header(duration_ms: int, tracks: int) -> bytes:
    times = struct.pack(">QQIQ", 0, 0, MOVIE_TIMESCALE, duration_ms)
    look = struct.pack(">IH10x", 0x10000, 0x100) + _MATRIX + bytes(24)
    return full_box(b"mvhd", 1, 0, times, look, struct.pack(">I", tracks + 1))


def _track(track: TrackHeader, duration_ms: int, length: int, tables: bytes) -> bytes:
    is_video = track.width > 0
    times = struct.pack(">QQIIQ", 0, 0, track.number, 0, duration_ms)
    look = struct.pack(">8xhhHH", 0, 0 if is_video else 1, 0 if is_video else 0x100, 0) + _MATRIX
    size = struct.pack(">II", track.width << 16, track.height << 16)
    media = struct.pack(">QQIQHH", 0, 0, track.timescale, length, _UNKNOWN_LANGUAGE, 0)
    edit = struct.pack(">IQqHH", 1, duration_ms, track.media_start, 1, 0)
    return box(
        b"trak",
        full_box(b"tkhd", 1, _ENABLED_IN_MOVIE, times, look, size),
        box(b"edts", full_box(b"elst", 1, 0, edit)),
        box(
            b"mdia",
            full_box(b"mdhd", 1, 0, media),
            _handler(is_video=is_video),
            _media_information(track, tables, is_video=is_video),
        ),
    )


def _handler(*, is_video: bool) -> bytes:
    kind, name = (b"vide", b"VideoHandler\0") if is_video else (b"soun", b"SoundHandler\0")
    return full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, kind), name)


def _media_information(track: TrackHeader, tables: bytes, *, is_video: bool) -> bytes:
    head = full_box(b"vmhd", 0, 1, bytes(8)) if is_video else full_box(b"smhd", 0, 0, bytes(4))
    here = full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))
    entries = full_box(b"stsd", 0, 0, struct.pack(">I", 1), track.entry)
    return box(b"minf", head, box(b"dinf", here), box(b"stbl", entries, tables))
