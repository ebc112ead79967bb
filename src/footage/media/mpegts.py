"""MPEG transport stream bytes, read and moved in whole passes over the 188-byte packets.

Pure: NumPy over bytes, no demuxer. It knows the streams that ``segment_muxer`` writes: video on
PID 0x100, audio on 0x101, one PES packet a frame, the random-access indicator on keyframes.
Layout after ISO/IEC 13818-1: 2.4.3.2 (packet), 2.4.3.4 (adaptation field), 2.4.3.6 (PES).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PACKET = 188
TICKS_PER_MS = 90
"""Timestamps count at 90 kHz ..."""
WRAP = 1 << 33
"""... in 33 bits: they start again after 26.5 hours."""

_VIDEO_PID = 0x100
_AUDIO_PID = 0x101
_NULL_PID = 0x1FFF
_ADAPTATION = 0x20
_UNIT_START = 0x40
_RANDOM_ACCESS = 0x40
_PCR = 0x10
_PES_PREFIX = (0, 0, 1)
_HAS_PTS, _HAS_DTS = 0x80, 0x40
_PES_FIXED, _STAMP = 9, 5
"""Bytes of a PES header before its stamps, and of each stamp."""

_SEAL_HEAD = bytes((0x47, 0x1F, 0xFF, 0x10)) + b"FOOTAGE\x01"
_SEAL = struct.Struct(">qqIII")

Packets = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class KeyframePlace:
    """A keyframe in a segment: its PTS (ticks, 33 bits), and the bytes that hold it."""

    pts: int
    at_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture (Annex B) with its PTS (ticks, 33 bits)."""

    pts: int
    data: bytes
    is_keyframe: bool


@dataclass(frozen=True, slots=True)
class Seal:
    """What the last packet of every segment says of it, so that a block tells its own story.

    Times are wall time. ``run_start_ms`` names the run, ``size_bytes`` counts the whole segment,
    ``crc32`` covers it up to this packet.
    """

    run_start_ms: int
    start_ms: int
    duration_ms: int
    size_bytes: int
    crc32: int


def keyframes(data: bytes) -> list[KeyframePlace]:
    """Where the keyframes of a segment are, ascending."""
    [found] = keyframes_in(data, [len(data)])
    return found


def keyframes_in(data: bytes, ends: Sequence[int]) -> list[list[KeyframePlace]]:
    """The same of segments that follow each other from the first byte of ``data`` to the last.

    ``ends`` are the bytes at which they end. One pass, whatever their number.
    """
    packets = _packets(data)
    starts = np.flatnonzero(_video_starts(packets))
    is_key = (packets[starts, 3] & _ADAPTATION != 0) & (packets[starts, 4] > 0)
    is_key &= packets[starts, 5] & _RANDOM_ACCESS != 0
    keys = starts[is_key]
    # A picture ends where the next one starts, or its segment ends.
    end_rows = np.array(ends, np.int64) // PACKET
    segment = end_rows.searchsorted(keys, side="right")
    until = np.append(starts, len(packets))[1:][is_key]
    until = np.minimum(until, end_rows[segment])
    first = np.append(0, end_rows[:-1])[segment]
    pts = _read_stamp(packets, keys, _payload_start(packets[keys]) + 9)
    found: list[list[KeyframePlace]] = [[] for _ in ends]
    for number, stamp, at, size in zip(
        segment.tolist(), pts.tolist(), (keys - first).tolist(), (until - keys).tolist(), strict=True
    ):
        found[number].append(KeyframePlace(stamp, at * PACKET, size * PACKET))
    return found


def access_units(data: bytes) -> Iterator[AccessUnit]:
    """The coded pictures of a piece of a segment that starts with one, in decoding order."""
    packets = _packets(data)
    video = packets[_pid(packets) == _VIDEO_PID]
    starts = np.flatnonzero(_video_starts(video))
    payload_start = _payload_start(video)
    head = np.zeros(len(video), np.int64)
    at_pes = payload_start[starts]
    head[starts] = 9 + video[starts, at_pes + 8]
    stamps = _read_stamp(video, starts, at_pes + 9)
    random_access = (video[starts, 3] & _ADAPTATION != 0) & (video[starts, 5] & _RANDOM_ACCESS != 0)
    keep = np.arange(PACKET) >= (payload_start + head)[:, None]
    for i, (first, last) in enumerate(zip(starts, np.append(starts, len(video))[1:], strict=True)):
        unit = video[first:last][keep[first:last]].tobytes()
        yield AccessUnit(int(stamps[i]), unit, bool(random_access[i]))


@dataclass(frozen=True, slots=True, eq=False)
class Pes:
    """The PES packets of one track, joined: packet ``i`` is ``payload[offsets[i]:offsets[i + 1]]``.

    ``pts`` and ``dts`` are ticks of 33 bits, int64.
    """

    payload: bytes
    offsets: NDArray[np.int64]
    pts: NDArray[np.int64]
    dts: NDArray[np.int64]
    random_access: NDArray[np.bool_]


def pes_packets(data: bytes) -> tuple[Pes, Pes]:
    """The pictures and the sound of a segment. Raises ValueError where it is not whole packets."""
    packets = _packets(data)
    pid = _pid(packets)
    return _joined(packets[pid == _VIDEO_PID]), _joined(packets[pid == _AUDIO_PID])


def _joined(track: Packets) -> Pes:
    """The payloads of one track's packets, which are all it is given."""
    starts = _pes_starts(track)
    track, starts = track[starts[0] :] if len(starts) else track[:0], starts - starts[:1]
    at_pes = _payload_start(track[starts])
    flags = track[starts, at_pes + 7]
    pts = _read_stamp(track, starts, at_pes + 9)
    decoded_apart = (flags & _HAS_DTS != 0) & (at_pes + 14 + _STAMP <= PACKET)
    dts = pts.copy()
    dts[decoded_apart] = _read_stamp(track, starts[decoded_apart], at_pes[decoded_apart] + 14)
    begin = _payload_start(track)
    begin[starts] += _PES_FIXED + track[starts, at_pes + 8]
    begin = np.minimum(begin, PACKET)
    offsets = np.append(np.concatenate([[0], np.cumsum(PACKET - begin)])[starts], (PACKET - begin).sum())
    adapted = track[starts, 3] & _ADAPTATION != 0
    random_access = adapted & (track[starts, 4] > 0) & (track[starts, 5] & _RANDOM_ACCESS != 0)
    return Pes(_payload(track, begin), offsets, pts, dts, random_access)


def _payload(track: Packets, begin: NDArray[np.int64]) -> bytes:
    """Each packet from its byte ``begin`` on, joined."""
    odd = np.flatnonzero(begin != 4)
    pieces: list[bytes] = []
    done = 0
    for row, first in zip(odd.tolist(), begin[odd].tolist(), strict=True):
        if row > done:
            pieces.append(track[done:row, 4:].tobytes())
        pieces.append(track[row, first:].tobytes())
        done = row + 1
    pieces.append(track[done:, 4:].tobytes())
    return b"".join(pieces)


def moved_back(data: bytes, ticks: int) -> bytes:
    """The same segment with every PTS, DTS and PCR ``ticks`` earlier, modulo 2**33."""
    packets = _packets(data).copy()
    adapted = packets[:, 3] & _ADAPTATION != 0
    with_pcr = np.flatnonzero(
        adapted & (packets[:, 4] >= 7) & (packets[:, 5] & _PCR != 0)  # a flag only where it has room
    )
    _move_pcr(packets, with_pcr, ticks)

    starts = _pes_starts(packets)
    at = _payload_start(packets[starts])
    flags = packets[starts, at + 7]
    for flag, place in ((_HAS_PTS, 9), (_HAS_DTS, 14)):
        has = (flags & flag != 0) & (at + place + _STAMP <= PACKET)
        rows, columns = starts[has], at[has] + place
        _write_stamp(packets, rows, columns, (_read_stamp(packets, rows, columns) - ticks) % WRAP)
    return packets.tobytes()


def seal(seal: Seal) -> bytes:
    """The packet that closes a segment: a null packet (PID 0x1FFF), which players skip."""
    body = _SEAL_HEAD + _SEAL.pack(
        seal.run_start_ms, seal.start_ms, seal.duration_ms, seal.size_bytes, seal.crc32
    )
    return body.ljust(PACKET, b"\xff")


def seals(data: bytes) -> list[tuple[int, Seal]]:
    """The seals in a block, each with the byte at which the segment it closes ends.

    A segment without one was never finished. Bytes beyond the last whole packet are ignored.
    """
    packets = _packets(data[: len(data) // PACKET * PACKET])
    found = []
    for row in np.flatnonzero(_pid(packets) == _NULL_PID):
        packet = packets[row].tobytes()
        if packet.startswith(_SEAL_HEAD):
            fields = _SEAL.unpack_from(packet, len(_SEAL_HEAD))
            found.append(((int(row) + 1) * PACKET, Seal(*fields)))
    return found


def _packets(data: bytes) -> Packets:
    return np.frombuffer(data, np.uint8).reshape(-1, PACKET)


def _pid(packets: Packets) -> NDArray[np.uint16]:
    high = packets[:, 1].astype(np.uint16) & np.uint16(0x1F)
    return high << np.uint16(8) | packets[:, 2]


def _video_starts(packets: Packets) -> NDArray[np.bool_]:
    """Packets in which a picture starts, with room for its PTS: damaged bytes promise anything."""
    starts: NDArray[np.bool_] = packets[:, 1] & _UNIT_START != 0
    starts &= _pid(packets) == _VIDEO_PID
    starts &= _payload_start(packets) + _PES_FIXED + _STAMP <= PACKET
    return starts


def _payload_start(packets: Packets) -> NDArray[np.int64]:
    """The byte of each packet at which its payload starts."""
    adapted = packets[:, 3] & _ADAPTATION != 0
    return np.where(adapted, packets[:, 4].astype(np.int64) + 5, 4)


def _pes_starts(packets: Packets) -> NDArray[np.int64]:
    """Rows in which a PES packet starts, told from tables by the start code."""
    rows = np.flatnonzero(packets[:, 1] & _UNIT_START)
    at = _payload_start(packets[rows])
    is_start = at + _PES_FIXED <= PACKET
    at = np.minimum(at, PACKET - len(_PES_PREFIX))
    for i, byte in enumerate(_PES_PREFIX):
        is_start &= packets[rows, at + i] == byte
    return rows[is_start]


def _read_stamp(packets: Packets, rows: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
    b = [packets[rows, at + i].astype(np.int64) for i in range(5)]
    return (b[0] >> 1 & 7) << 30 | b[1] << 22 | b[2] >> 1 << 15 | b[3] << 7 | b[4] >> 1


def _write_stamp(
    packets: Packets, rows: NDArray[np.int64], at: NDArray[np.int64], stamps: NDArray[np.int64]
) -> None:
    packets[rows, at] = packets[rows, at] & 0xF1 | (stamps >> 30 << 1).astype(np.uint8)
    packets[rows, at + 1] = stamps >> 22 & 0xFF
    packets[rows, at + 2] = stamps >> 14 & 0xFE | 1
    packets[rows, at + 3] = stamps >> 7 & 0xFF
    packets[rows, at + 4] = stamps << 1 & 0xFE | 1


def _move_pcr(packets: Packets, rows: NDArray[np.int64], ticks: int) -> None:
    b = [packets[rows, 6 + i].astype(np.int64) for i in range(5)]
    base = b[0] << 25 | b[1] << 17 | b[2] << 9 | b[3] << 1 | b[4] >> 7
    base = (base - ticks) % WRAP
    for i, shift in enumerate((25, 17, 9, 1)):
        packets[rows, 6 + i] = base >> shift & 0xFF
    packets[rows, 10] = packets[rows, 10] & 0x7F | ((base & 1) << 7).astype(np.uint8)
