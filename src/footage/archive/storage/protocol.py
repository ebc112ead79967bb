"""What the archive asks of a place for bytes.

Blocks are named by keys, relative paths of the form that ``block_key`` makes; names and bytes
alone suffice to rebuild the index. Every implementation passes tests/contract/test_storage.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol, Self
from uuid import UUID

from footage.timeline.span import LAST_MS

BLOCK_ENDING = ".ts"
ASIDE_ENDING = ".aside"
"""Of the names under which bytes are kept that are in nobody's way."""


def block_key(archive_id: UUID, start_ms: int) -> str:
    """``<archive>/<YYYY-MM-DD>/<HH>/<start ms>.ts``, day and hour in UTC."""
    day = datetime.fromtimestamp(start_ms // 1000, UTC)
    return f"{archive_id}/{day:%Y-%m-%d/%H}/{start_ms}{BLOCK_ENDING}"


def block_start(archive_id: UUID, key: str) -> int | None:
    """The moment in a block's key; None for what ``block_key`` never made."""
    digits = key.rpartition("/")[2].removesuffix(BLOCK_ENDING)
    if not (digits.isascii() and digits.isdigit()) or int(digits) > LAST_MS:
        return None
    return int(digits) if block_key(archive_id, int(digits)) == key else None


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


class Draft(Protocol):
    """A file in the making. A context manager: what has not got its name by the end is gone.

    Calls raise Unavailable, those that write also Full.
    """

    def __enter__(self) -> Self:
        """Itself."""

    def __exit__(self, *_: object) -> None:
        """Let go of it."""

    def write(self, data: bytes, at: int) -> None:
        """Write ``data`` at byte ``at``."""

    def move(self, at: int, to: int, size: int) -> None:
        """Move ``size`` bytes towards the end, from byte ``at`` to byte ``to``."""

    def pieces(self) -> Iterator[bytes]:
        """All that was written, from the beginning."""

    def finish(self) -> None:
        """Give it its name, durably: from here on it can be opened, whole."""


class ExportFiles(Protocol):
    """The files of exports, in the same place as the footage. Raises what the storage raises.

    A name begins with the id of its export.
    """

    def draft(self, name: str) -> Draft:
        """A new file of that name, in the making. Raises Full where footage needs the room."""

    def open(self, name: str) -> OpenBlock:
        """A file, to be read from. Raises MissingBytes where there is none."""

    def delete(self, export_id: UUID) -> None:
        """Remove all files of an export, and what drafts of it a killed process left."""

    def has_room(self, size_bytes: int) -> bool:
        """Whether so many bytes could be written now."""


class Storage(Protocol):
    """A place for the bytes of blocks.

    Every method may be called from any thread, one writer a key at a time. Each raises
    Unavailable where the place cannot be reached, and those that write or remove raise
    WrongStorage where the marker of ``set_id`` is not there (invariant 3).
    """

    @property
    def exports(self) -> ExportFiles:
        """The files of exports."""

    def append(self, key: str, start: int, data: bytes) -> None:
        """Write ``data`` at byte ``start``, where the block's promised bytes end.

        What lies beyond ``start`` was written by somebody who never got to commit it. It is set
        aside under another name before it is written over, unless it is the very same bytes
        (invariant 2); those are written again in their place. Raises Full where there is no
        room; a call that fails leaves nothing of its own behind.
        """

    def sync(self, key: str) -> None:
        """Return when all that was appended to ``key``, and its name, would survive a power cut.

        What was not synced before a call that failed may be lost: append it again.
        """

    def sync_all(self) -> None:
        """The same for everything that lies in the place, whoever wrote it."""

    def open(self, key: str) -> OpenBlock:
        """The block, to be read from. Raises MissingBytes where there is none."""

    def size(self, key: str) -> int | None:
        """Bytes stored under ``key``; None where there is none."""

    def delete(self, key: str) -> None:
        """Remove a block; removing one that is gone does nothing."""

    def list(self, prefix: str = "", *, with_others: bool = False) -> Iterator[tuple[str, int]]:
        """Every key below the folder ``prefix`` with its size, in the order of names.

        ``with_others`` also tells of what lies there under any other name.
        """

    def archives(self) -> Sequence[UUID]:
        """The archives that anything lies there of, in the order of names."""

    def set_aside(self, key: str, start: int) -> None:
        """Take what lies beyond byte ``start`` out of the way, under a name that no block has.

        With 0 the block is gone from the list. Nothing is lost (invariant 2).
        """

    def put(self, name: str, data: bytes) -> None:
        """Keep a small thing whole in place of what had its name; durable when it returns."""

    def get(self, name: str) -> bytes | None:
        """What ``put`` kept; None where there is nothing."""

    def days(self) -> Iterator[tuple[UUID, str]]:
        """Every archive's id with each day, YYYY-MM-DD, of which something is stored; a cheap look."""

    def check(self) -> None:
        """Raise WrongStorage where the marker of this set is not there, or is another's."""

    def room(self) -> Room | None:
        """How much may still be written; None for a place that has no end of its own."""
