"""A camera that is none: a test picture with clock and sound, published over real RTSP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from footage.demo.relay import Relay
from footage.media.film import Shot, clock_publisher

_SHOT = Shot(size=(640, 360), rate=10, gop=20, audio="aac", hue=12)


@contextmanager
def live_camera() -> Iterator[str]:
    """It films while the context is open; its URL."""
    with Relay() as relay, clock_publisher(relay.url("film"), _SHOT):
        yield relay.camera("camera", source="film").url
