"""A test picture with a clock burnt in, encoded as a clip: what the demo and the tests film.

The clock is drawn in seven-segment digits, so that it needs no font and can be read back from the
pixels.
"""

from __future__ import annotations

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
