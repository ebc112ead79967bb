"""Where the bytes of blocks are: a Protocol and its implementations."""

from footage.archive.storage.local import LocalStorage
from footage.archive.storage.protocol import OpenBlock, Room, Storage, block_key

__all__ = ["LocalStorage", "OpenBlock", "Room", "Storage", "block_key"]
