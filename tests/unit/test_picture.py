"""From a frame to a JPEG: sizes, and colours as the camera meant them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import simplejpeg
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from footage.media.errors import NoPicture
from footage.media.picture import decode_keyframe, decode_until, fitted, to_jpeg

Pixels = NDArray[np.float64]

BT601, BT709, SMPTE240M, UNSPECIFIED = 5, 1, 7, 2
LIMITED, FULL = 1, 2
WEIGHTS = {
    # Weights of red and blue in luma: H.273, table 4.
    BT601: (0.299, 0.114),
    UNSPECIFIED: (0.299, 0.114),
    BT709: (0.2126, 0.0722),
    SMPTE240M: (0.212, 0.087),
}


def scene(width: int, height: int) -> Pixels:
    """Soft slopes through every colour, black and white among them: (height, width, RGB) from 0 to 1.

    Soft, because half the colour's resolution is lost in any of these formats.
    """
    x, y = np.linspace(0, 1, width)[None, :], np.linspace(0, 1, height)[:, None]
    red = 0.5 + 0.5 * np.cos(2 * np.pi * (x + 0 * y))
    green = 0.5 + 0.5 * np.cos(2 * np.pi * (y + 0 * x))
    blue = 0.5 + 0.5 * np.cos(np.pi * (x + y))
    return np.stack([red, green, blue], axis=-1)


def film(rgb: Pixels, pix_fmt: str, matrix: int, levels: int) -> VideoFrame:
    """The frame that a camera of that format would send of a scene."""
    height, width, _ = rgb.shape
    k_red, k_blue = WEIGHTS[matrix]
    luma = k_red * rgb[..., 0] + (1 - k_red - k_blue) * rgb[..., 1] + k_blue * rgb[..., 2]
    chroma = ((rgb[..., 2] - luma) / (2 - 2 * k_blue), (rgb[..., 0] - luma) / (2 - 2 * k_red))
    frame = VideoFrame(width, height, pix_fmt)
    frame.colorspace, frame.color_range = matrix, levels
    bits = 10 if pix_fmt.endswith("10le") else 8
    for i, plane in enumerate(frame.planes):
        samples = luma if i == 0 else _fewer(chroma[i - 1], plane.height, plane.width)
        if levels == FULL:
            values = samples * 255 + (128 if i else 0)
        else:
            values = samples * 224 + 128 if i else samples * 219 + 16
        values = np.clip(np.rint(values * (1 << bits - 8)), 0, (1 << bits) - 1)
        rows = values.astype("<u2" if bits > 8 else np.uint8).view(np.uint8).reshape(plane.height, -1)
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : rows.shape[1]] = rows
        plane.update(padded.tobytes())
    return frame


def _fewer(samples: Pixels, height: int, width: int) -> Pixels:
    """Chroma at half the resolution: the mean of each pair, the edge repeated where it is odd."""
    if height != samples.shape[0]:
        samples = np.pad(samples, ((0, samples.shape[0] % 2), (0, 0)), "edge")
        samples = (samples[0::2] + samples[1::2]) / 2
    if width != samples.shape[1]:
        samples = np.pad(samples, ((0, 0), (0, samples.shape[1] % 2)), "edge")
        samples = (samples[:, 0::2] + samples[:, 1::2]) / 2
    return samples


def psnr(jpeg: bytes, rgb: Pixels) -> float:
    """Likeness of a JPEG to the scene, in dB."""
    shown = simplejpeg.decode_jpeg(jpeg, "RGB").astype(np.float64) / 255
    assert shown.shape == rgb.shape
    return float(-10 * np.log10(((shown - rgb) ** 2).mean()))


@pytest.mark.parametrize(
    ("pix_fmt", "matrix", "levels"),
    [
        ("yuv420p", BT601, LIMITED),
        ("yuv420p", BT709, LIMITED),
        ("yuv420p", SMPTE240M, LIMITED),
        ("yuv420p", UNSPECIFIED, LIMITED),
        ("yuv420p", UNSPECIFIED, 0),
        ("yuv420p", BT601, FULL),
        ("yuv420p", BT709, FULL),
        ("yuvj420p", BT601, FULL),
        ("yuvj420p", BT709, FULL),
        ("yuvj420p", UNSPECIFIED, FULL),
        ("yuv422p", BT601, LIMITED),
        ("yuv422p", BT709, LIMITED),
        ("yuvj422p", BT709, FULL),
        ("yuv444p", BT709, LIMITED),
        ("yuv420p10le", BT601, LIMITED),
        ("yuv420p10le", BT709, LIMITED),
        ("yuv422p10le", BT709, LIMITED),
    ],
)
def test_colours_are_those_of_the_scene(pix_fmt: str, matrix: int, levels: int) -> None:
    rgb = scene(320, 240)
    frame = film(rgb, pix_fmt, matrix, levels)
    assert psnr(to_jpeg(frame, 320, 240, 85), rgb) > 35


@pytest.mark.parametrize("size", [(321, 240), (320, 241), (321, 241), (17, 33), (1919, 1079)])
@pytest.mark.parametrize("matrix", [BT601, BT709])
def test_odd_sizes_keep_every_row_and_column(size: tuple[int, int], matrix: int) -> None:
    width, height = size
    rgb = scene(width, height)
    frame = film(rgb, "yuv420p", matrix, LIMITED)
    jpeg = to_jpeg(frame, width, height, 90)
    assert simplejpeg.decode_jpeg_header(jpeg)[:2] == (height, width)
    assert psnr(jpeg, rgb) > (35 if width > 100 else 25)


@pytest.mark.parametrize("matrix", [BT601, BT709])
def test_colours_survive_a_smaller_size(matrix: int) -> None:
    frame = film(scene(640, 480), "yuv420p", matrix, LIMITED)
    assert psnr(to_jpeg(frame, 160, 120, 90), scene(160, 120)) > 35


@pytest.mark.parametrize(("level", "expected"), [(0.0, 0), (1.0, 255)])
@pytest.mark.parametrize(("pix_fmt", "levels"), [("yuv420p", LIMITED), ("yuvj420p", FULL)])
def test_black_is_black_and_white_is_white(pix_fmt: str, levels: int, level: float, expected: int) -> None:
    frame = film(np.full((64, 64, 3), level), pix_fmt, BT601, levels)
    shown = simplejpeg.decode_jpeg(to_jpeg(frame, 64, 64, 85), "RGB")
    assert abs(shown.astype(int) - expected).max() <= 1


def test_the_measure_tells_wrong_colours() -> None:
    # The wrong matrix, or the wrong range, must not pass for right above.
    rgb = scene(320, 240)
    frame = film(rgb, "yuv420p", BT709, LIMITED)
    frame.colorspace = BT601
    assert psnr(to_jpeg(frame, 320, 240, 85), rgb) < 30
    frame = film(rgb, "yuv420p", BT601, FULL)
    frame.color_range = LIMITED
    assert psnr(to_jpeg(frame, 320, 240, 85), rgb) < 30


# Sizes

sides = st.integers(1, 8192)
wishes = st.one_of(st.none(), sides)


@given(sides, sides, wishes, wishes)
def test_a_picture_fits_keeps_its_aspect_and_is_never_enlarged(
    width: int, height: int, want_width: int | None, want_height: int | None
) -> None:
    new_width, new_height = fitted(width, height, want_width, want_height)
    assert 1 <= new_width <= min(width, want_width or width)
    assert 1 <= new_height <= min(height, want_height or height)
    scale = min(Fraction(1), Fraction(want_width or width, width), Fraction(want_height or height, height))
    # To the nearest pixel, but for what would vanish.
    assert abs(new_width - max(width * scale, Fraction(1))) <= Fraction(1, 2)
    assert abs(new_height - max(height * scale, Fraction(1))) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("size", "want", "got"),
    [
        ((1920, 1080), (None, None), (1920, 1080)),
        ((1920, 1080), (640, None), (640, 360)),
        ((1920, 1080), (None, 360), (640, 360)),
        ((1920, 1080), (640, 640), (640, 360)),
        ((1920, 1080), (4000, None), (1920, 1080)),
        ((1920, 1080), (4000, 540), (960, 540)),
        ((1080, 1920), (640, 360), (202, 360)),
        ((8192, 2), (64, None), (64, 1)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
def test_sizes_as_they_are_asked_for(
    size: tuple[int, int], want: tuple[int | None, int | None], got: tuple[int, int]
) -> None:
    assert fitted(*size, *want) == got


# Bytes that are no picture


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 188, b"\x47" * 188 * 3, b"\x47\x41\x00\x10" + b"\xff" * 184]
)
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_bytes_that_are_no_picture_are_said_to_be_none(codec: str, data: bytes) -> None:
    with pytest.raises(NoPicture):
        decode_keyframe(data, codec)
    with pytest.raises(NoPicture):
        decode_until(data, codec, 0)


@given(st.integers(0, 4).flatmap(lambda n: st.binary(min_size=n * 188, max_size=n * 188)))
def test_noise_is_no_picture(data: bytes) -> None:
    with pytest.raises(NoPicture):
        decode_keyframe(data, "h264")
