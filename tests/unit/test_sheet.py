"""Small pictures beside one another on a sheet: each in its box, none over its edge."""

from __future__ import annotations

import numpy as np
import pytest
import simplejpeg
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from footage.media.sheet import Sheet


def frame(width: int, height: int, red: int, green: int, blue: int) -> VideoFrame:
    """A frame of one colour."""
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[:] = (red, green, blue)
    return VideoFrame.from_ndarray(rgb, "rgb24")


def pixels(sheet: Sheet) -> NDArray[np.uint8]:
    decoded: NDArray[np.uint8] = simplejpeg.decode_jpeg(sheet.jpeg(95), "RGB")
    return decoded


def test_neighbours_keep_their_colours() -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
    sheet = Sheet(64, 36)
    for number, colour in enumerate(colours):
        row, column = divmod(number, 2)
        sheet.draw(frame(320, 180, *colour), left=32 * column, top=18 * row, width=32, height=18)
    drawn = pixels(sheet).astype(int)
    assert drawn.shape == (36, 64, 3)
    for number, colour in enumerate(colours):
        row, column = divmod(number, 2)
        cell = drawn[18 * row + 2 : 18 * row + 16, 32 * column + 2 : 32 * column + 30]
        assert np.abs(cell - colour).max() < 30


@pytest.mark.parametrize(
    ("size", "inside"),
    [
        ((180, 320), (slice(0, 90), slice(55, 105))),
        ((640, 120), (slice(30, 60), slice(0, 160))),
        ((80, 45), (slice(22, 67), slice(40, 120))),
    ],
    ids=["tall", "wide", "small"],
)
def test_another_aspect_stands_in_the_middle_of_its_box(
    size: tuple[int, int], inside: tuple[slice, slice]
) -> None:
    sheet = Sheet(480, 270)
    sheet.draw(frame(*size, 255, 255, 255), left=160, top=90, width=160, height=90)
    lit = pixels(sheet).mean(axis=2) > 128
    expected = np.zeros((270, 480), bool)
    expected[90:180, 160:320][inside] = True
    assert (lit != expected).mean() < 0.005


def test_what_was_not_drawn_is_black() -> None:
    assert pixels(Sheet(160, 90)).max() == 0
