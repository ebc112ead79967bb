"""Where the bytes of blocks are: a Protocol and its implementations."""

from footage.archive.storage.draft import LocalDraft
from footage.archive.storage.local import LocalStorage
from footage.archive.storage.protocol import Draft, ExportFiles, OpenBlock, Room, Storage, block_key

__all__ = [
    "Draft",
    "ExportFiles",
    "LocalDraft",
    "LocalStorage",
    "OpenBlock",
    "Room",
    "Storage",
    "block_key",
]
