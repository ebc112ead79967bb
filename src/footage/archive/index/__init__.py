"""What is kept and where, as rows: every table and every SQL statement.

``protocol`` says what the archive asks of an index, ``sql`` answers it through SQLAlchemy Core.
"""

from footage.archive.index.keeper_protocol import (
    Hold,
    KeeperIndex,
    KeeperRow,
    KeptArchive,
    LockIndex,
    Marked,
)
from footage.archive.index.kept import LeavingBlock
from footage.archive.index.protocol import (
    AuditEntry,
    AuditFilter,
    AuditIndex,
    BinnedCamera,
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
    "AuditEntry",
    "AuditFilter",
    "AuditIndex",
    "BinnedCamera",
    "BlockCommit",
    "BlockRow",
    "CameraIndex",
    "ExportIndex",
    "FootageIndex",
    "Hold",
    "Index",
    "KeeperIndex",
    "KeeperRow",
    "KeptArchive",
    "KeyIndex",
    "LeavingBlock",
    "LiveSegment",
    "LockIndex",
    "Marked",
    "OpenExport",
    "RecorderIndex",
    "SegmentPlace",
    "SqlIndex",
    "StoredKey",
    "ToRecord",
    "open_index",
]
