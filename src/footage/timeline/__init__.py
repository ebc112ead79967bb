"""The words of the house: spans of time, and what is kept in them.

Pure values without I/O; every other folder speaks in these, and this one imports nothing of ours.
"""

from footage.timeline.camera import Camera, Location, Place, Source
from footage.timeline.export import Export, ExportState
from footage.timeline.kept import (
    Archive,
    Block,
    Codecs,
    Keyframe,
    Run,
    Segment,
    SegmentTable,
)
from footage.timeline.lock import Lock
from footage.timeline.scope import Scope
from footage.timeline.span import ALL_TIME, Span, format_ms, parse_time
from footage.timeline.status import CameraStatus, Reason, State, status_now

__all__ = [
    "ALL_TIME",
    "Archive",
    "Block",
    "Camera",
    "CameraStatus",
    "Codecs",
    "Export",
    "ExportState",
    "Keyframe",
    "Location",
    "Lock",
    "Place",
    "Reason",
    "Run",
    "Scope",
    "Segment",
    "SegmentTable",
    "Source",
    "Span",
    "State",
    "format_ms",
    "parse_time",
    "status_now",
]
