"""Many small pictures in one: a black sheet on which frames are drawn side by side, and its JPEG.

Several threads may draw on it at the same time, each in a place of its own.
"""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame

from footage.media.picture import encoded, fitted, to_rgb


class Sheet:
    """``width`` by ``height`` pixels, three bytes each."""

    def __init__(self, width: int, height: int) -> None:
        self._rgb = np.zeros((height, width, 3), np.uint8)

    def draw(self, frame: VideoFrame, *, left: int, top: int, width: int, height: int) -> None:
        """Draw the frame in the middle of a box, as large as fits; aspect kept, never enlarged."""
        wide, high = fitted(frame.width, frame.height, width, height)
        left, top = left + (width - wide) // 2, top + (height - high) // 2
        self._rgb[top : top + high, left : left + wide] = to_rgb(frame, wide, high)

    def jpeg(self, quality: int) -> bytes:
        """What was drawn so far."""
        return encoded(self._rgb, quality)
