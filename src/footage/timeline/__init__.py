"""The words of the house: spans of time, and what is kept in them.

Pure values without I/O; every other folder speaks in these, and this one imports nothing of ours.
"""

from footage.timeline.camera import Camera, Location, Place
from footage.timeline.kept import (
    Archive,
    Block,
    Codecs,
    Keyframe,
    Run,
    Segment,
    SegmentTable,
)
from footage.timeline.span import ALL_TIME, Span, format_ms, parse_time

__all__ = [
    "ALL_TIME",
    "Archive",
    "Block",
    "Camera",
    "Codecs",
    "Keyframe",
    "Location",
    "Place",
    "Run",
    "Segment",
    "SegmentTable",
    "Span",
    "format_ms",
    "parse_time",
]
