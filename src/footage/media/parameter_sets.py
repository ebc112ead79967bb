"""The parameter sets of H.264 and H.265: found in a keyframe or in a container's header.

A decoder can begin at a keyframe only with them, so every segment's first picture must carry
them; and two runs play on one decoder only if theirs are equal. NAL units after ITU-T H.264,
7.3.1 and H.265, 7.3.1; the containers' forms after ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_START = b"\x00\x00\x01"
_H264_SETS = frozenset({7, 8})
_HEVC_SETS = frozenset({32, 33, 34})
_H264_FIRST_SLICE = frozenset({1, 2, 3, 4, 5})
_AVCC_HEADER, _HVCC_HEADER = 6, 23


@dataclass(frozen=True, slots=True)
class Framing:
    """How a stream's NAL units are set apart: by start codes (0), or by lengths of 1 to 4 bytes."""

    codec: str
    length_bytes: int

    @classmethod
    def of(cls, codec: str, extradata: bytes) -> Framing:
        """Read it off the container's header: only the length-prefixed forms start with a 1."""
        if codec == "h264" and len(extradata) > _AVCC_HEADER and extradata[0] == 1:
            return cls(codec, (extradata[4] & 3) + 1)
        if codec == "hevc" and len(extradata) >= _HVCC_HEADER and extradata[0] == 1:
            return cls(codec, (extradata[21] & 3) + 1)
        return cls(codec, 0)

    def sets_in_header(self, extradata: bytes) -> tuple[bytes, ...]:
        """The parameter sets of a container's header, sorted."""
        if not self.length_bytes:
            units = _by_start_codes(extradata)
        elif self.codec == "h264":
            units = _in_avcc(extradata)
        else:
            units = _in_hvcc(extradata)
        return tuple(sorted(unit for unit in units if self._is_set(unit)))

    def is_whole(self, data: bytes) -> bool:
        """False where the framing of a coded picture contradicts itself."""
        if not self.length_bytes:
            return data.startswith((_START, b"\0" + _START))
        at = 0
        while at + self.length_bytes <= len(data):
            size = int.from_bytes(data[at : at + self.length_bytes], "big")
            if size == 0:
                return False
            at += self.length_bytes + size
        return at == len(data)

    def sets_in_picture(self, data: bytes) -> tuple[bytes, ...]:
        """The parameter sets before the first slice of a coded picture, sorted."""
        found = []
        for unit in _by_lengths(data, self.length_bytes) if self.length_bytes else _by_start_codes(data):
            if self._is_slice(unit):
                break
            if self._is_set(unit):
                found.append(unit)
        return tuple(sorted(found))

    def with_sets(self, data: bytes, sets: tuple[bytes, ...]) -> bytes:
        """A coded picture with ``sets`` in front, in the stream's own form."""
        front = b""
        # By type: VPS, SPS, PPS, the order in which one refers to the other.
        for unit in sorted(sets, key=self._type):
            mark = len(unit).to_bytes(self.length_bytes, "big") if self.length_bytes else b"\0" + _START
            front += mark + unit
        return front + data

    def _type(self, unit: bytes) -> int:
        return unit[0] & 0x1F if self.codec == "h264" else unit[0] >> 1 & 0x3F

    def _is_set(self, unit: bytes) -> bool:
        kinds = _H264_SETS if self.codec == "h264" else _HEVC_SETS
        return bool(unit) and self._type(unit) in kinds

    def _is_slice(self, unit: bytes) -> bool:
        if not unit:
            return False
        return self._type(unit) in _H264_FIRST_SLICE if self.codec == "h264" else self._type(unit) < 32


def _by_start_codes(data: bytes) -> Iterator[bytes]:
    at = data.find(_START)
    while at >= 0:
        following = data.find(_START, at + 3)
        yield data[at + 3 : following if following >= 0 else None].rstrip(b"\x00")
        at = following


def _by_lengths(data: bytes, length_bytes: int) -> Iterator[bytes]:
    at = 0
    while at + length_bytes <= len(data):
        size = int.from_bytes(data[at : at + length_bytes], "big")
        at += length_bytes
        yield data[at : at + size]
        at += size


def _in_avcc(extradata: bytes) -> Iterator[bytes]:
    at = 5
    for mask in (0x1F, 0xFF):
        if at >= len(extradata):
            return
        count = extradata[at] & mask
        at += 1
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            yield extradata[at + 2 : at + 2 + size]
            at += 2 + size


def _in_hvcc(extradata: bytes) -> Iterator[bytes]:
    at = _HVCC_HEADER
    for _ in range(extradata[_HVCC_HEADER - 1]):
        count = int.from_bytes(extradata[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            yield extradata[at + 2 : at + 2 + size]
            at += 2 + size
