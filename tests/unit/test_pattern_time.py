"""The strip of cells that carries a picture's moment and number."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
import simplejpeg
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from hypothesis import given
from hypothesis import strategies as st

from footage.media.pattern import LivePicture, Plane, draw_strip, read_strip

MOMENT_MS = 1_795_416_240_177


def encoded(codec: str, bit_rate: int, size: tuple[int, int], frames: int) -> list[Plane]:
    """The luma of a filmed clock after compression."""
    picture = LivePicture(*size)
    film = io.BytesIO()
    with av.open(film, "w", format="mpegts") as output:
        quiet = {"x265-params": "log-level=none:pools=none:frame-threads=1"} if codec == "libx265" else {}
        track = output.add_stream(
            codec, rate=25, options={"preset": "ultrafast", "tune": "zerolatency", **quiet}
        )
        assert isinstance(track, VideoStream)
        track.width, track.height = size
        track.pix_fmt = "yuv420p"
        track.bit_rate = bit_rate
        for number in range(frames):
            frame = picture.at(MOMENT_MS + 40 * number, number)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(track.encode(frame))
        output.mux(track.encode(None))
    film.seek(0)
    with av.open(film, "r") as clip:
        return [luma_of(frame) for frame in clip.decode(video=0)]


def luma_of(frame: VideoFrame) -> Plane:
    return np.asarray(frame.to_ndarray()[: frame.height], np.uint8)


@given(
    st.integers(0, 2**48 - 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from([(160, 120), (176, 144), (320, 240), (640, 360), (1918, 1078)]),
)
def test_what_is_drawn_is_read_at_every_size(moment_ms: int, number: int, size: tuple[int, int]) -> None:
    plane = np.full(size[::-1], 128, np.uint8)
    draw_strip(plane, moment_ms, number)
    assert read_strip(plane) == (moment_ms, number)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize(("size", "bit_rate"), [((160, 120), 60_000), ((320, 240), 150_000)])
def test_it_outlives_compression_at_a_low_rate(codec: str, size: tuple[int, int], bit_rate: int) -> None:
    pictures = encoded(codec, bit_rate, size, 60)
    read = [read_strip(luma) for luma in pictures]
    assert read == [(MOMENT_MS + 40 * number, number) for number in range(60)]


def test_it_is_read_from_a_jpeg_of_another_size() -> None:
    frame = LivePicture(640, 360).at(MOMENT_MS, 7).reformat(width=256, height=144, format="gray")
    picture = simplejpeg.encode_jpeg(frame.to_ndarray()[:, :, None], quality=60, colorspace="GRAY")
    assert read_strip(simplejpeg.decode_jpeg(picture, colorspace="GRAY")[:, :, 0]) == (MOMENT_MS, 7)


def test_a_picture_without_a_strip_is_told_apart() -> None:
    luma = luma_of(LivePicture(320, 240).at(MOMENT_MS, 7))
    with pytest.raises(ValueError, match="no strip"):
        read_strip(luma[::-1])
    luma[:20, :20] = 255 - luma[:20, :20]
    with pytest.raises(ValueError, match="no strip"):
        read_strip(luma)
    # Cells of one colour all over are no moment either.
    for level in (0, 128, 255):
        with pytest.raises(ValueError, match="no strip"):
            read_strip(np.full((240, 320), level, np.uint8))


def test_digits_show_the_hour_of_the_day() -> None:
    """The digits differ where the second does, and only below the strip."""
    picture = LivePicture(320, 240)
    one, same, later = (luma_of(picture.at(MOMENT_MS + ms, 1)) for ms in (0, 100, 1000))
    digits = slice(240 * 9 // 20, 240 * 9 // 20 + 40)
    assert (one[digits] == same[digits]).all()
    assert (one[digits] != later[digits]).any()
