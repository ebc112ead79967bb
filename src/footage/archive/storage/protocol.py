"""What the archive asks of a place for bytes.

Blocks are named by keys, relative paths of the form that ``block_key`` makes; names and bytes
alone suffice to rebuild the index. Every implementation passes tests/contract/test_storage.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from uuid import UUID


def block_key(archive_id: UUID, start_ms: int) -> str:
    """``<archive>/<YYYY-MM-DD>/<HH>/<start ms>.ts``, day and hour in UTC."""
    day = datetime.fromtimestamp(start_ms // 1000, UTC)
    return f"{archive_id}/{day:%Y-%m-%d/%H}/{start_ms}.ts"


class Room(NamedTuple):
    """How much a place holds in all, and how much of it may still be written."""

    free_bytes: int
    total_bytes: int


class OpenBlock(Protocol):
    """A block being read. Stays readable until closed, even if it is removed meanwhile."""

    def read(self, start: int, size: int) -> bytes:
        """Exactly ``size`` bytes from byte ``start``. Raises MissingBytes where they end early."""

    def read_ready(self, start: int, size: int) -> bytes | None:
        """The same without waiting for a disk or a network; None where that cannot be done."""

    def close(self) -> None:
        """Let go of it; closing twice does nothing."""


class Storage(Protocol):
    """A place for the bytes of blocks.

    Every method may be called from any thread, one writer a key at a time. Each raises
    Unavailable where the place cannot be reached, and those that write or remove raise
    WrongStorage where the marker of ``set_id`` is not there (invariant 3).
    """

    def append(self, key: str, start: int, data: bytes) -> None:
        """Write ``data`` at byte ``start``, where the block's promised bytes end.

        What lies beyond ``start`` was written by somebody who never got to commit it. It is set
        aside under another name before it is written over, unless it is the very same bytes
        (invariant 2). Raises Full where there is no room; a call that fails leaves nothing of
        its own behind.
        """

    def sync(self, key: str) -> None:
        """Return when all that was appended to ``key``, and its name, would survive a power cut."""

    def open(self, key: str) -> OpenBlock:
        """The block, to be read from. Raises MissingBytes where there is none."""

    def size(self, key: str) -> int | None:
        """Bytes stored under ``key``; None where there is none."""

    def delete(self, key: str) -> None:
        """Remove a block; removing one that is gone does nothing."""

    def list(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every key below the folder ``prefix`` with its size, in the order of names."""

    def room(self) -> Room | None:
        """How much may still be written; None for a place that has no end of its own."""
