"""A test picture with a clock burnt in, encoded as a clip: what the demo and the tests film.

The clock is drawn in seven-segment digits, so that it needs no font and can be read back from the
pixels. A live picture also carries its moment and number as a strip of black and white cells, which
outlives hard compression and scaling, for programs to read.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

# Which of the segments a (top), b, c, d (bottom), e, f, g (middle) each digit lights.
_DIGITS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
_BLACK, _WHITE = 16, 235

_COLUMNS, _ROWS = 16, 6
_ROWS_IN_PICTURE = 16
_MOMENT_BYTES, _NUMBER_BYTES = 6, 4


def segments_of(unit: int) -> dict[str, tuple[slice, slice]]:
    """Where the segments lie in a digit of ``5 * unit`` rows by ``3 * unit`` columns."""
    t, w, h = unit, 3 * unit, 5 * unit
    middle = h // 2
    return {
        "a": (slice(0, t), slice(0, w)),
        "b": (slice(0, middle), slice(w - t, w)),
        "c": (slice(middle, h), slice(w - t, w)),
        "d": (slice(h - t, h), slice(0, w)),
        "e": (slice(middle, h), slice(0, t)),
        "f": (slice(0, middle), slice(0, t)),
        "g": (slice(middle - t // 2, middle - t // 2 + t), slice(0, w)),
    }


def draw_number(plane: Plane, text: str, top: int, left: int, unit: int) -> None:
    """Draw digits (a colon makes a narrow gap) in white on a black ground."""
    where = segments_of(unit)
    for character in text:
        if character == ":":
            for row in (unit, 3 * unit):
                plane[top + row : top + row + unit, left : left + unit] = _WHITE
            left += 2 * unit
            continue
        cell = plane[top : top + 5 * unit, left : left + 3 * unit]
        cell[:] = _BLACK
        for name in _DIGITS[int(character)]:
            cell[where[name]] = _WHITE
        left += 4 * unit


def draw_strip(plane: Plane, moment_ms: int, number: int) -> None:
    """Draw cells across the top six sixteenths: 48 bits of wall time, 32 of a number, a check of 16."""
    content = (moment_ms % 2**48).to_bytes(_MOMENT_BYTES, "big")
    content += (number % 2**32).to_bytes(_NUMBER_BYTES, "big")
    content += binascii.crc_hqx(content, 0xFFFF).to_bytes(2, "big")
    bits = np.unpackbits(np.frombuffer(content, np.uint8)).reshape(_ROWS, _COLUMNS)
    rows, columns = _cell_edges(plane)
    cells = np.where(bits, np.uint8(_WHITE), np.uint8(_BLACK))
    plane[: rows[-1]] = cells.repeat(np.diff(rows), axis=0).repeat(np.diff(columns), axis=1)


def read_strip(luma: Plane) -> tuple[int, int]:
    """The wall time in ms and the number that a picture carries, from its luma at any scale.

    Raises ValueError where the cells do not add up: no strip, or a picture that did not decode well.
    """
    rows, columns = (_middles(edges) for edges in _cell_edges(luma))
    # A sum for each part between two bounds: that of a middle, and that of what lies before the next.
    across = np.add.reduceat(luma[: rows[-1] + 1], rows, axis=0, dtype=np.uint32)[::2]
    sums = np.add.reduceat(np.pad(across, ((0, 0), (0, 1))), columns, axis=1)[:, ::2]
    areas = np.outer(np.diff(rows)[::2], np.diff(columns)[::2])
    bits = sums > areas * ((_BLACK + _WHITE) / 2)
    content = np.packbits(bits).tobytes()
    if binascii.crc_hqx(content, 0xFFFF) != 0:
        raise ValueError("the picture carries no strip that can be read")
    return int.from_bytes(content[:_MOMENT_BYTES], "big"), int.from_bytes(
        content[_MOMENT_BYTES : _MOMENT_BYTES + _NUMBER_BYTES], "big"
    )


def _cell_edges(plane: Plane) -> tuple[list[int], list[int]]:
    height, width = plane.shape
    rows = [round(row * height / _ROWS_IN_PICTURE) for row in range(_ROWS + 1)]
    return rows, [round(column * width / _COLUMNS) for column in range(_COLUMNS + 1)]


def _middles(edges: list[int]) -> NDArray[np.intp]:
    """Where the middle of each cell begins and ends: compression blurs the edges."""
    starts, ends = np.array(edges[:-1]), np.array(edges[1:])
    margins = (ends - starts) // 3
    return np.stack([starts + margins, ends - margins], axis=1).ravel()


class LivePicture:
    """A test picture that shows a moment: digits for people (UTC), the strip for programs."""

    def __init__(self, width: int, height: int, *, hue: int = 0) -> None:
        self._y, self._u, self._v = _background(width, height, hue)
        self._unit = max(height // 30, 1)

    def at(self, moment_ms: int, number: int) -> VideoFrame:
        """The picture of a moment; ``number`` counts the pictures."""
        height, width = self._y.shape
        unit = self._unit
        luma = self._y.copy()
        draw_strip(luma, moment_ms, number)
        second = moment_ms // 1000 % 86_400
        clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        draw_number(luma, clock, top=height * 9 // 20, left=(width - 28 * unit) // 2, unit=unit)
        at = moment_ms % 4000 * (width - 4 * unit) // 4000
        luma[height * 3 // 4 : height * 3 // 4 + unit, at : at + 4 * unit] = _WHITE
        planes = np.concatenate([luma.ravel(), self._u.ravel(), self._v.ravel()])
        return VideoFrame.from_ndarray(planes.reshape(-1, width), "yuv420p")


def _background(width: int, height: int, hue: int) -> tuple[Plane, Plane, Plane]:
    """A calm slope of grey with a tint, and bars of colour at the bottom."""
    y = np.linspace(70, 160, width, dtype=np.uint8)[None, :].repeat(height, axis=0)
    u = np.full((height // 2, width // 2), 128 + hue, np.uint8)
    v = np.full((height // 2, width // 2), 128 - hue, np.uint8)
    bars = ((81, 90, 240), (145, 54, 34), (41, 240, 110), (210, 16, 146))
    for i, (luma, blue, red) in enumerate(bars):
        left, right = width * i // 4 & ~1, width * (i + 1) // 4 & ~1
        y[height * 7 // 8 & ~1 :, left:right] = luma
        u[(height * 7 // 8 & ~1) // 2 :, left // 2 : right // 2] = blue
        v[(height * 7 // 8 & ~1) // 2 :, left // 2 : right // 2] = red
    return y, u, v


def _frames(width: int, height: int, rate: int, seconds: int, hue: int) -> Iterator[VideoFrame]:
    y, u, v = _background(width, height, hue)
    unit = max(height // 30, 1)
    step = 4 * unit
    for number in range(seconds * rate):
        second = number // rate
        picture = y.copy()
        clock = f"{second // 60 % 60:02}:{second % 60:02}"
        draw_number(picture, clock, top=height // 3, left=(width - 18 * unit) // 2, unit=unit)
        at = number * step % (width - step)
        picture[height * 3 // 4 : height * 3 // 4 + unit, at : at + step] = _WHITE
        frame = VideoFrame.from_ndarray(
            np.concatenate([picture.ravel(), u.ravel(), v.ravel()]).reshape(-1, width), "yuv420p"
        )
        frame.pts, frame.time_base = number, Fraction(1, rate)
        yield frame


def write_clip(
    path: Path, *, seconds: int, width: int = 640, height: int = 360, rate: int = 5, hue: int = 0
) -> None:
    """Encode a clip whose clock starts at 00:00, minutes and seconds, a keyframe every 2 s."""
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream(
            "libx264",
            rate=rate,
            options={"preset": "ultrafast", "crf": "23", "forced-idr": "1"},
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = 2 * rate
        for frame in _frames(width, height, rate, seconds, hue):
            frame.pict_type = PictureType.NONE
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
