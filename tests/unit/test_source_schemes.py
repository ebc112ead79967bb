"""What the door lets in as a camera's URL is what the recorder can open, and nothing else."""

from __future__ import annotations

from footage.api.source_urls import SOURCE_SCHEMES
from footage.media.live import PROTOCOLS


def test_the_door_and_the_recorder_name_the_same_protocols() -> None:
    assert set(SOURCE_SCHEMES) == set(PROTOCOLS)
