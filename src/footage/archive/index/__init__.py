"""What is kept and where, as rows: every table and every SQL statement.

``protocol`` says what the archive asks of an index, ``sql`` answers it through SQLAlchemy Core.
"""

from footage.archive.index.protocol import (
    BlockCommit,
    BlockRow,
    CameraIndex,
    ExportIndex,
    FootageIndex,
    Index,
    KeyIndex,
    LiveSegment,
    OpenExport,
    RecorderIndex,
    SegmentPlace,
    StoredKey,
    ToRecord,
)
from footage.archive.index.sql import SqlIndex, open_index

__all__ = [
    "BlockCommit",
    "BlockRow",
    "CameraIndex",
    "ExportIndex",
    "FootageIndex",
    "Index",
    "KeyIndex",
    "LiveSegment",
    "OpenExport",
    "RecorderIndex",
    "SegmentPlace",
    "SqlIndex",
    "StoredKey",
    "ToRecord",
    "open_index",
]
