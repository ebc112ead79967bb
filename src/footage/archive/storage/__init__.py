"""Where the bytes of blocks are: a Protocol and its implementations."""

from footage.archive.storage.draft import LocalDraft
from footage.archive.storage.local import LocalStorage, marked_set
from footage.archive.storage.protocol import (
    ASIDE_ENDING,
    Draft,
    ExportFiles,
    OpenBlock,
    Room,
    Storage,
    block_key,
    block_start,
)

__all__ = [
    "ASIDE_ENDING",
    "Draft",
    "ExportFiles",
    "LocalDraft",
    "LocalStorage",
    "OpenBlock",
    "Room",
    "Storage",
    "block_key",
    "block_start",
    "marked_set",
]
