"""What is kept and where, as rows: every table and every SQL statement.

``protocol`` says what the archive asks of an index, ``sql`` answers it through SQLAlchemy Core.
"""

from footage.archive.index.protocol import (
    CameraIndex,
    FootageIndex,
    Index,
    KeyIndex,
    SegmentPlace,
    StoredKey,
)
from footage.archive.index.sql import SqlIndex, open_index

__all__ = [
    "CameraIndex",
    "FootageIndex",
    "Index",
    "KeyIndex",
    "SegmentPlace",
    "SqlIndex",
    "StoredKey",
    "open_index",
]
