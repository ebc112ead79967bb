"""What retention asks of an index: what is kept, what stays, marks, and the keeper's own row.

The rules of ``protocol`` hold. Every implementation passes tests/integration/test_keeper.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from footage.archive.index.kept import LeavingBlock, Totals
from footage.timeline import Archive, Lock, Span


@dataclass(frozen=True, slots=True)
class KeptArchive:
    """An archive as retention sees it, also of a camera in the bin; its camera's limits, None for none.

    ``is_leased`` tells that a recorder may be writing its newest block.
    """

    archive: Archive
    keep_ms: int | None
    keep_bytes: int | None
    totals: Totals
    is_leased: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """A span of an archive that somebody is at work in, and how often that one said so."""

    id: UUID
    archive_number: int
    span: Span
    beat: int


class Stretch(NamedTuple):
    """Consecutive blocks of one run, and the bytes of the run up to its start and its end."""

    start_ms: int
    end_ms: int
    bytes_from: int
    bytes_to: int


class Marked(NamedTuple):
    """Blocks that were taken out of sight; ``is_all`` where nothing more was to be."""

    blocks: int
    size_bytes: int
    is_all: bool


@dataclass(frozen=True, slots=True)
class KeeperRow:
    """Who removes footage, what its clock was, and what it did last, as it wrote them down."""

    holder: UUID | None
    beat: int
    fence: int
    is_wanted: bool
    seen: Mapping[str, Any] | None
    report: Mapping[str, Any] | None


class LockIndex(Protocol):
    """Spans that stay: locks, and holds of whoever is at work."""

    def add_lock(self, archive: Archive, lock: Lock) -> None:
        """Lock a span. Raises UnknownCamera."""

    def locks(self, archive: Archive, now_ms: int) -> list[Lock]:
        """The locks of an archive that stand, by start."""

    def drop_lock(self, archive: Archive, lock_id: UUID) -> bool:
        """Unlock; False where there is no such lock."""

    def locked_bytes(self, now_ms: int) -> dict[int, int]:
        """Bytes of the blocks that locks keep, by number of the archive."""

    def span_bytes(self, archive: Archive, spans: Sequence[Span]) -> list[int]:
        """Bytes of the blocks that touch each of the spans, in their order."""

    def add_hold(self, archive: Archive, hold_id: UUID, span: Span) -> None:
        """Say that somebody is at work in a span. Raises UnknownCamera."""

    def beat_holds(self, hold_ids: Collection[UUID]) -> None:
        """Say that they still are."""

    def drop_holds(self, hold_ids: Collection[UUID]) -> None:
        """They are done, or dead."""

    def holds(self) -> list[Hold]:
        """Every hold."""


class KeeperIndex(Protocol):
    """What whoever removes footage asks and does."""

    def kept_archives(self) -> list[KeptArchive]:
        """Every archive that keeps anything, by number; one statement that reads no block."""

    def gone_archives(self) -> set[UUID]:
        """Archives of cameras that were removed for good and whose footage is still leaving."""

    def pinned(self, now_ms: int) -> dict[int, list[tuple[Span, bool]]]:
        """Spans that stay, by number of the archive; True for locks."""

    def newest_written(self, archive: Archive) -> Span | None:
        """The block that a recorder wrote last."""

    def stretches(self, archive: Archive, to_ms: int, knots_ms: Collection[int]) -> list[Stretch]:
        """What begins before ``to_ms``, apart where the blocks that hold the knots begin and end."""

    def mark_before(
        self, archive: Archive, up_to_ms: int, *, now_ms: int, fence: int, limit: int
    ) -> Marked:
        """Take whole blocks out of sight, oldest first, that end by ``up_to_ms`` and that nothing pins.

        Runs become shorter, or two where what is between goes (invariant 5). Locks, holds and the block in
        progress are looked at in the very transaction (invariant 6). Raises LeaseLost where another keeper
        took over.
        """

    def drop_leaving(self, blocks: Sequence[LeavingBlock], fence: int) -> None:
        """Forget blocks whose bytes are gone. Raises LeaseLost."""

    def put_halts(self, halts: Mapping[int, str], fence: int) -> None:
        """Say which archives, by number, nothing more is recorded into, and for which limit."""

    def halts(self) -> dict[int, str]:
        """The same."""

    def keeper(self) -> KeeperRow:
        """Who removes footage; nobody ever where the fence is 0."""

    def claim_keeper(self, holder: UUID, fence: int) -> int | None:
        """Become it where the fence was seen to be ``fence``; the new fence.

        None where another was quicker.
        """

    def beat_keeper(self, fence: int, seen: Mapping[str, Any] | None) -> bool:
        """Say that it lives, and what its clock is; without a clock, that stays.

        False where another took over.
        """

    def release_keeper(self, fence: int) -> None:
        """Let another be it at once."""

    def put_report(self, fence: int, report: Mapping[str, Any]) -> None:
        """Write down what was done; nothing more is wanted then."""

    def want_pass(self) -> None:
        """Ask the keeper to look at once."""

    def set_seen(self, seen: Mapping[str, Any] | None) -> None:
        """Write down a clock that is to be believed from now on."""
