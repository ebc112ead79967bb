"""What the archive asks of an index.

Calls are synchronous and may come from any thread. A method that writes is one transaction: it
happened whole, durably, or not at all. Every method raises Unavailable where the index cannot be
reached. Every implementation passes tests/contract/test_index.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from footage.timeline import Archive, Block, Camera, Run, SegmentTable, Span


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An integration key as it is kept: never the key, only its hash."""

    name: str
    key_hash: bytes
    created_ms: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What is kept of an archive in all."""

    first_ms: int
    last_ms: int
    size_bytes: int
    runs: int


class SegmentPlace(NamedTuple):
    """A segment and where its bytes are: from ``at_bytes`` of the block that starts at ``block_ms``."""

    start_ms: int
    duration_ms: int
    size_bytes: int
    crc32: int
    block_ms: int
    at_bytes: int


@dataclass(frozen=True, slots=True)
class LeavingBlock:
    """A block that was marked for removal."""

    row: int
    archive_id: UUID
    start_ms: int


class Snapshot(Protocol):
    """Reads that all see the index as it was at one moment."""

    def runs(self, archive: Archive, span: Span) -> list[Run]:
        """Runs that overlap ``span``, ascending."""

    def block_at(self, archive: Archive, moment_ms: int) -> Block | None:
        """The block that covers ``moment_ms``."""

    def last_block_before(self, archive: Archive, moment_ms: int) -> Block | None:
        """The newest block that starts before ``moment_ms``."""

    def segments(self, archive: Archive, span: Span) -> SegmentTable:
        """Segments that start inside ``span``, ascending, of all its runs."""


class FootageIndex(Protocol):
    """Runs and blocks."""

    def archive(self, archive_id: UUID) -> Archive | None:
        """The archive of that public id; None also where its camera was removed."""

    def totals(self, archive: Archive) -> Totals | None:
        """What is kept in all, without reading blocks; None where nothing is."""

    def place(self, archive: Archive, start_ms: int) -> SegmentPlace | None:
        """Where the segment is that starts at exactly ``start_ms``."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Reads that belong together."""

    def overlap(self, archive: Archive, span: Span) -> Span | None:
        """The first kept run that overlaps ``span``."""

    def commit_block(self, archive: Archive, run: Run, block: Block) -> Run:
        """Write a block's row, new or grown, and its run's row with it.

        A run of id 0 is new: the answer carries the id that it got. Raises Overlap where the
        run would cover time that another covers (invariant 4), UnknownCamera where the camera
        and UnknownRun where the run was removed meanwhile.
        """

    def mark_run(self, archive: Archive, run_id: int) -> None:
        """Take a run out of sight; its blocks are leaving."""

    def leaving(self, limit: int) -> list[LeavingBlock]:
        """Blocks whose bytes are to be deleted: of marked runs, and of removed archives."""

    def drop_blocks(self, blocks: Sequence[LeavingBlock]) -> None:
        """Forget blocks whose bytes are gone."""

    def drop_removed_archives(self) -> None:
        """Forget removed cameras and archives that have no blocks left."""


class CameraIndex(Protocol):
    """Cameras, each with its archive."""

    def add_camera(self, camera: Camera, source_url: str | None) -> None:
        """Add a camera and its archive. Raises AlreadyExists."""

    def camera(self, camera_id: UUID) -> Camera | None:
        """The camera of that id."""

    def cameras(self, *, limit: int, after: tuple[str, UUID] | None = None) -> list[Camera]:
        """Cameras by title, then id; ``after`` is the last of the page before."""

    def change_camera(self, camera_id: UUID, changes: dict[str, Any]) -> Camera:
        """Change the named fields (of Camera, or ``source_url``). Raises UnknownCamera."""

    def mark_camera(self, camera_id: UUID) -> Archive:
        """Take a camera out of sight, its archive and all it keeps with it. Raises UnknownCamera."""

    def raise_token_epoch(self, camera_id: UUID) -> int:
        """Revoke every link to the camera's archive; the new epoch. Raises UnknownCamera."""


class KeyIndex(Protocol):
    """Integration keys."""

    def add_key(self, key: StoredKey) -> None:
        """Keep a key's hash. Raises AlreadyExists."""

    def keys(self) -> list[StoredKey]:
        """All keys by name."""

    def key_name(self, key_hash: bytes) -> str | None:
        """The name of the key with that hash."""

    def drop_key(self, name: str) -> bool:
        """Forget a key; False where there is none of that name."""


class Index(FootageIndex, CameraIndex, KeyIndex, Protocol):
    """All of it, over one database."""

    @property
    def set_id(self) -> UUID:
        """Names the archive set; the storage's marker carries the same (invariant 3)."""

    def check(self) -> None:
        """Raise Unavailable where the index does not answer."""

    def close(self) -> None:
        """Let go of every connection."""
