"""What the archive asks of an index.

Calls are synchronous and may come from any thread. A method that writes is one transaction: it
happened whole, durably, or not at all. Every method raises Unavailable where the index cannot be
reached. Every implementation passes tests/contract/test_index.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from footage.archive.errors import ArchiveError
from footage.archive.index.keeper_protocol import KeeperIndex, LockIndex
from footage.archive.index.kept import LeavingBlock, Totals
from footage.timeline import (
    Archive,
    Block,
    Camera,
    CameraStatus,
    Export,
    ExportState,
    Run,
    Scope,
    SegmentTable,
    Source,
    Span,
)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An integration key as it is kept: never the key, only its hash."""

    name: str
    key_hash: bytes
    created_ms: int
    scope: Scope = Scope.ADMIN


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what, when. Never a secret.

    ``actor`` is a key's name, a link's fingerprint or a user of this machine, ``via`` how they came:
    ``key``, ``session``, ``link`` or ``command``. ``detail`` says more, in plain values.
    """

    at_ms: int
    actor: str
    via: str
    action: str
    address: str | None = None
    camera_id: UUID | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    """Given by the index, rising."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are wanted; what is None does not matter. Times in ms, ``[from_ms, to_ms)``."""

    camera_id: UUID | None = None
    actor: str | None = None
    action: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


class SegmentPlace(NamedTuple):
    """A segment and where its bytes are: from ``at_bytes`` of the block that starts at ``block_ms``."""

    start_ms: int
    duration_ms: int
    size_bytes: int
    crc32: int
    block_ms: int
    at_bytes: int


class BlockRow(NamedTuple):
    """What a block's row promises of its file."""

    start_ms: int
    end_ms: int
    size_bytes: int
    leaving: bool


@dataclass(frozen=True, slots=True)
class BinnedCamera:
    """A camera that was removed and can be taken back until a moment."""

    id: UUID
    title: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class BlockCommit:
    """A block's row to be written, new or grown, and its run's with it.

    A recorder gives the ``fence`` of its lease; an import has none.
    """

    archive: Archive
    run: Run
    block: Block
    fence: int | None = None


class LiveSegment(NamedTuple):
    """A segment as live playlists number it (RFC 8216, 4.3.3.2 and 4.3.3.3)."""

    sequence: int
    discontinuity: int
    start_ms: int
    duration_ms: int

    @property
    def span(self) -> Span:
        """The wall time it covers."""
        return Span(self.start_ms, self.start_ms + self.duration_ms)


@dataclass(frozen=True, slots=True)
class ToRecord:
    """A camera that is to be recorded, and who does: ``holder``, since the lease has ``fence``.

    Where nobody ever did the fence is 0.
    """

    archive: Archive
    title: str
    source: Source
    holder: UUID | None
    fence: int


@dataclass(frozen=True, slots=True)
class OpenExport:
    """An export that waits or runs, who makes it, and how often that one said so."""

    export: Export
    worker_id: UUID | None
    beat: int


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

    def newest_recorded(self, archive: Archive, count: int) -> list[LiveSegment]:
        """The last ``count`` segments that a recorder committed, ascending by sequence."""


class FootageIndex(Protocol):
    """Runs and blocks."""

    def archive(self, archive_id: UUID) -> Archive | None:
        """The archive of that public id; None also where its camera was removed."""

    def totals(self, archive: Archive) -> Totals | None:
        """What is kept in all, without reading blocks; None where nothing is."""

    def archives(self, cameras: Collection[UUID] | None = None) -> dict[UUID, Archive]:
        """Archives by the id of their camera: of all, or of those. None of removed cameras."""

    def all_totals(self) -> dict[int, Totals]:
        """What is kept of each archive, by its number; those that keep nothing are left out.

        Nothing of removed cameras. One statement, whose cost grows with the number of runs.
        """

    def bytes_since(self, moment_ms: int) -> int:
        """Bytes kept of the time from a moment on, of all archives, cut to whole blocks.

        Its cost grows with the cameras and the runs since then.
        """

    def place(self, archive: Archive, start_ms: int) -> SegmentPlace | None:
        """Where the segment is that starts at exactly ``start_ms``."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Reads that belong together."""

    def overlap(self, archive: Archive, span: Span) -> Span | None:
        """The first kept run that overlaps ``span``."""

    def commit_blocks(self, commits: Sequence[BlockCommit]) -> list[Run | ArchiveError]:
        """Write blocks of several archives in one transaction, each of them whole or not at all.

        A run of id 0 is new: the answer carries the id that it got. In the place of one that
        was refused stands the error: Overlap where the run would cover time that another covers
        (invariant 4), LeaseLost where the fence is no longer that of the lease (invariant 8),
        UnknownCamera where the camera and UnknownRun where the run was removed meanwhile. Further
        blocks of a new run may follow its first one with the same id 0 and start.
        Segments of a commit with a fence are numbered for live playlists.
        """

    def commit_block(self, archive: Archive, run: Run, block: Block, fence: int | None = None) -> Run:
        """Write one block. Raises what ``commit_blocks`` answers."""

    def block_rows(self, archive: Archive, from_ms: int, limit: int) -> list[BlockRow]:
        """The first blocks that start at or after a moment, ascending; also those that are leaving."""

    def cut_out(self, archive: Archive, cuts: Mapping[int, int]) -> list[Span]:
        """Forget segments whose bytes are gone; the time that each cut took, ascending.

        ``cuts`` names blocks by their start, and how many segments of each stay. A run is split
        around what goes, so that nothing covers it any more (invariant 5). All in one transaction;
        a block that is not there, or is no longer than that, is passed over.
        """

    def mark_run(self, archive: Archive, run_id: int, *, held_too: bool = False) -> None:
        """Take a run out of sight; its blocks are leaving.

        Raises Held where an export is made of it (invariant 6), unless ``held_too``.
        """

    def leaving(self, limit: int) -> list[LeavingBlock]:
        """Blocks whose bytes are to be deleted, of each so many: those marked, and of removed archives.

        None of a camera that can still be taken back.
        """

    def leaving_of(self, archive: Archive, limit: int, *, run_id: int | None = None) -> list[LeavingBlock]:
        """The same, of one archive alone, or of one run of it that was marked."""

    def leaving_bytes(self) -> int:
        """Bytes of all blocks that are leaving."""

    def drop_blocks(self, blocks: Sequence[LeavingBlock]) -> None:
        """Forget blocks whose bytes are gone."""

    def archive_ids(self) -> set[UUID]:
        """Every archive that is not forgotten yet: also those of removed cameras."""

    def emptied_archives(self) -> list[UUID]:
        """Archives of removed cameras that have no blocks and no exports left."""

    def drop_removed_archives(self) -> None:
        """Forget removed cameras and archives that have no blocks and no exports left."""


class CameraIndex(Protocol):
    """Cameras, each with its archive."""

    def add_camera(self, camera: Camera, source_url: str | None, token_epoch: int = 0) -> None:
        """Add a camera and its archive. Raises AlreadyExists."""

    def camera(self, camera_id: UUID) -> Camera | None:
        """The camera of that id."""

    def cameras(self, *, limit: int, after: tuple[str, UUID] | None = None) -> list[Camera]:
        """Cameras by title, then id; ``after`` is the last of the page before."""

    def change_camera(self, camera_id: UUID, changes: dict[str, Any]) -> Camera:
        """Change the named fields (of Camera, or ``source_url``). Raises UnknownCamera."""

    def mark_camera(self, camera_id: UUID, until_ms: int | None = None, *, now_ms: int = 0) -> Archive:
        """Take a camera out of sight, its archive and all it keeps with it. Raises UnknownCamera.

        Until ``until_ms`` it can be taken back; without one, never, and its footage is leaving.
        Exports that wait or run are cancelled. Raises Locked where a lock stands at ``now_ms``.
        """

    def restore_camera(self, camera_id: UUID) -> None:
        """Take a camera back from the bin. Raises UnknownCamera where it is not there."""

    def bin(self) -> list[BinnedCamera]:
        """Cameras that can be taken back, by title, then id."""

    def empty_bin(self, now_ms: int) -> int:
        """Let go for good what could be taken back until ``now_ms``; how many cameras."""

    def raise_token_epoch(self, camera_id: UUID) -> int:
        """Revoke every link to the camera's archive; the new epoch. Raises UnknownCamera."""


class RecorderIndex(Protocol):
    """Who records what, and how it goes."""

    def beat(self, recorder_id: UUID) -> None:
        """Say that a recorder is alive."""

    def beats(self) -> dict[UUID, int]:
        """Every recorder that ever was, by how often it beat."""

    def forget_recorder(self, recorder_id: UUID) -> None:
        """A recorder ended in order: it beats no more and holds nothing."""

    def to_record(self) -> list[ToRecord]:
        """Every camera that is to be recorded: switched on, with a source; by archive number."""

    def claim(self, archive: Archive, recorder_id: UUID, fence: int) -> int | None:
        """Take the lease whose fence was seen to be ``fence``; its new fence.

        None where somebody was quicker, or the camera is gone. Whoever held it commits nothing
        more.
        """

    def release(self, archive: Archive, fence: int) -> None:
        """Give a lease back; does nothing where somebody else took it meanwhile."""

    def put_statuses(self, statuses: Mapping[int, CameraStatus]) -> None:
        """Write down how the recording of some archives, by number, goes."""

    def statuses(self, archives: Collection[int] | None = None) -> dict[int, CameraStatus]:
        """How it goes, by archive number: of all, or of those. Nothing of removed cameras."""


class ExportIndex(Protocol):
    """Exports made in the background. None of removed cameras, but for ``leaving_exports``."""

    def add_export(self, export: Export, *, max_open: int, max_bytes: int) -> None:
        """Add one that waits. Raises UnknownCamera.

        Raises ExportsFull where ``max_open`` wait or run already, or where the files of all that are
        kept would take more than ``max_bytes``.
        """

    def export(self, archive: Archive, export_id: UUID) -> Export | None:
        """An archive's export of that id."""

    def exports(
        self, archive: Archive, limits: Span, *, limit: int, after: tuple[int, UUID] | None = None
    ) -> list[Export]:
        """An archive's exports that reach nowhere outside ``limits``, newest first.

        ``after`` is when the last of the page before was created, and its id.
        """

    def open_exports(self) -> list[OpenExport]:
        """All that wait or run, oldest first."""

    def claim_export(self, export: Export, worker_id: UUID) -> int | None:
        """Take up an open export that was seen to have this fence; its new fence.

        None where somebody was quicker, or it has ended.
        """

    def beat_export(self, export_id: UUID, fence: int, read_bytes: int) -> bool:
        """Say how far an export is; False where it is no longer this worker's to make."""

    def release_export(self, export_id: UUID, fence: int) -> None:
        """Let it wait again, for this worker or another."""

    def end_export(self, export: Export) -> bool:
        """Write down how an export ended; False where it was no longer this fence's to end."""

    def cancel_export(self, export_id: UUID, now_ms: int, expires_ms: int) -> bool:
        """End one that waits or runs; False where it had ended."""

    def drop_export(self, export_id: UUID) -> None:
        """Forget one whose files are gone."""

    def leaving_exports(self, now_ms: int) -> list[Export]:
        """Those to be forgotten: expired, or of a camera that was removed."""

    def export_totals(self) -> dict[ExportState, tuple[int, int]]:
        """How many there are of each state, and the bytes of their files."""


class KeyIndex(Protocol):
    """Integration keys."""

    def add_key(self, key: StoredKey) -> None:
        """Keep a key's hash. Raises AlreadyExists."""

    def keys(self) -> list[StoredKey]:
        """All keys by name."""

    def key(self, key_hash: bytes) -> StoredKey | None:
        """The key with that hash."""

    def drop_key(self, name: str) -> bool:
        """Forget a key; False where there is none of that name. Raises LastAdmin."""


class AuditIndex(Protocol):
    """Who did what."""

    def add_audit(self, entry: AuditEntry, *, keep_from_ms: int, keep_entries: int) -> None:
        """Add an entry; forget what is older than ``keep_from_ms`` or beyond the ``keep_entries``."""

    def audit(self, wanted: AuditFilter, *, limit: int, before: int | None = None) -> list[AuditEntry]:
        """Entries, newest first; ``before`` is the id of the last of the page before."""


class Index(
    FootageIndex,
    CameraIndex,
    RecorderIndex,
    ExportIndex,
    LockIndex,
    KeeperIndex,
    KeyIndex,
    AuditIndex,
    Protocol,
):
    """All of it, over one database."""

    @property
    def set_id(self) -> UUID:
        """Names the archive set; the storage's marker carries the same (invariant 3)."""

    def take_set(self, set_id: UUID) -> None:
        """Become the index of that archive set. Raises WrongStorage where cameras are in it already."""

    @property
    def has_storage(self) -> bool:
        """Whether the set's storage was ever made; from then on an empty place is not it (invariant 3)."""

    def note_storage(self) -> None:
        """The set's storage is made."""

    def check(self) -> None:
        """Raise Unavailable where the index does not answer."""

    def close(self) -> None:
        """Let go of every connection."""
