"""Whether what the index promises is there and whole, on an archive that lives.

A first walk over index and storage marks what differs; what was marked is then looked at again,
until two looks a while apart see the very same. So bytes that are being written or removed now
are no fault. A check never changes anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from uuid import UUID

import msgspec
from isal import isal_zlib

from footage.archive.cameras import Cameras
from footage.archive.cards import CARD, is_up_to_date, read_card
from footage.archive.compare import Pair, pairs
from footage.archive.errors import MissingBytes
from footage.archive.findings import Eyes, Finding, Kind, Level
from footage.archive.index import BlockRow, Index
from footage.archive.storage import ASIDE_ENDING, Storage, block_key
from footage.timeline import Archive, Block, Camera, Segment, Span

_STEP_BLOCKS = 500
_STEP_BYTES = 64 << 20
_LOOKS = 5
"""What still changes then is being worked on."""
_MOST_OTHERS = 1000


class Looked(msgspec.Struct):
    """How much of one archive was looked at."""

    blocks: int = 0
    size_bytes: int = 0
    read_bytes: int = 0


class Walk(msgspec.Struct):
    """How far a check has come: all that it needs to go on in another process."""

    level: Level
    since_ms: int = 0
    cameras: list[UUID] = msgspec.field(default_factory=list)
    """The only ones to be checked; all where there are none."""
    done: set[UUID] = msgspec.field(default_factory=set)
    """Archives that were walked through."""
    archive_id: UUID | None = None
    at_ms: int = 0
    suspects: list[tuple[UUID, int]] = msgspec.field(default_factory=list)
    others: list[Finding] = msgspec.field(default_factory=list)
    looked: dict[UUID, Looked] = msgspec.field(default_factory=dict)


class Checker:
    """Checks what a ``Walk`` asks for. Raises Unavailable, WrongStorage where the storage is away.

    ``pace_bytes`` is how many bytes a second are read at most; ``settle_s`` how far apart looks are.
    """

    def __init__(
        self,
        index: Index,
        storage: Storage,
        eyes: Eyes,
        walk: Walk,
        *,
        pace_bytes: int | None = None,
        settle_s: float = 2.0,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._index = index
        self._storage = storage
        self._eyes = eyes
        self.walk = walk
        self._pace_bytes = pace_bytes
        self._settle_s = settle_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._cameras = Cameras(index, storage)

    def run(self) -> Iterator[None]:
        """Walk through everything, a step at a time; between two, ``walk`` can be kept."""
        self._storage.check()
        for camera, archive in self.cameras():
            if archive.id not in self.walk.done:
                yield from self._walk_through(camera, archive)
        self._storage.check()

    def cameras(self) -> list[tuple[Camera, Archive]]:
        """The cameras that are checked, by title."""
        only = set(self.walk.cameras)
        wanted = [camera for camera in self._cameras.every() if not only or camera.id in only]
        return self._cameras.archives_of(wanted)

    def findings(self) -> list[Finding]:
        """All that is still there on the last look, an archive after the other."""
        by_id = {archive.id: (camera, archive) for camera, archive in self.cameras()}
        before: dict[tuple[UUID, int], list[Finding]] = {}
        confirmed: list[Finding] = []
        suspects = [place for place in dict.fromkeys(self.walk.suspects) if place[0] in by_id]
        for look in range(_LOOKS):
            if look and suspects:
                self._sleep(self._settle_s)
            still = []
            for place in suspects:
                found = self.examine(by_id[place[0]], place[1])
                if found and before.get(place) == found:
                    confirmed += found
                elif found:
                    before[place] = found
                    still.append(place)
            suspects = still
        if not self.walk.cameras:
            confirmed += self._unknown_archives()
        self._storage.check()
        order = {archive_id: number for number, archive_id in enumerate(by_id)}
        found = confirmed + self.walk.others
        return sorted(found, key=lambda one: (order.get(one.archive_id, len(order)), one.start_ms or 0))

    def _walk_through(self, camera: Camera, archive: Archive) -> Iterator[None]:
        walk = self.walk
        if walk.archive_id != archive.id:
            walk.archive_id, walk.at_ms = archive.id, walk.since_ms
        looked = walk.looked.setdefault(archive.id, Looked())
        blocks = read_bytes = 0
        resumed = walk.at_ms > walk.since_ms
        on_other = _ignore if resumed else lambda name, size: self._note_other(archive, name, size)
        for pair in pairs(self._index, self._storage, archive, walk.at_ms, on_other):
            if not self._is_fine(archive, pair, looked):
                walk.suspects.append((archive.id, pair.start_ms))
            walk.at_ms = pair.start_ms + 1
            blocks += 1
            if blocks >= _STEP_BLOCKS or looked.read_bytes - read_bytes >= _STEP_BYTES:
                yield
                blocks, read_bytes = 0, looked.read_bytes
        if not is_up_to_date(self._storage, camera, archive):
            walk.suspects.append((archive.id, -1))
        walk.done.add(archive.id)
        yield

    def _note_other(self, archive: Archive, name: str, size_bytes: int) -> None:
        kind = Kind.ASIDE if name.endswith(ASIDE_ENDING) else Kind.FOREIGN
        if len(self.walk.others) < _MOST_OTHERS:
            self.walk.others.append(Finding(kind, archive.id, name, size_bytes=size_bytes))

    def _is_fine(self, archive: Archive, pair: Pair, looked: Looked) -> bool:
        """A first look at one block."""
        _, row, file_bytes = pair
        if row is None or row.leaving or file_bytes is None:
            return False
        looked.blocks += 1
        looked.size_bytes += row.size_bytes
        if self.walk.level >= Level.SIZE and row.size_bytes != file_bytes:
            return False
        return self.walk.level < Level.CHECKSUM or not self._flaws(archive, pair.start_ms, looked)

    def examine(self, place: tuple[Camera, Archive], start_ms: int) -> list[Finding]:
        """Everything that is wrong with one block now; with the card where ``start_ms`` is -1."""
        try:
            return self._examine(*place, start_ms)
        except MissingBytes:
            # Removed meanwhile.
            return []

    def _examine(self, camera: Camera, archive: Archive, start_ms: int) -> list[Finding]:
        if start_ms < 0:
            fine = is_up_to_date(self._storage, camera, archive)
            return [] if fine else [Finding(Kind.CARD, archive.id, f"{archive.id}/{CARD}")]
        rows = self._index.block_rows(archive, start_ms, 1)
        row = rows[0] if rows and rows[0].start_ms == start_ms else None
        key = block_key(archive.id, start_ms)
        file_bytes = self._storage.size(key)
        if row is None:
            return [] if file_bytes is None else self._beyond(archive, start_ms, 0, start_ms, file_bytes)
        if row.leaving:
            return [Finding(Kind.LEAVING, archive.id, key, start_ms, size_bytes=row.size_bytes)]
        return self._against_row(archive, row, key, file_bytes)

    def _against_row(
        self, archive: Archive, row: BlockRow, key: str, file_bytes: int | None
    ) -> list[Finding]:
        start_ms, size_bytes = row.start_ms, row.size_bytes
        if file_bytes is None:
            span = Span(start_ms, row.end_ms)
            return [Finding(Kind.MISSING, archive.id, key, start_ms, span, size_bytes)]
        found: list[Finding] = []
        if self.walk.level >= Level.SIZE and file_bytes < size_bytes:
            found += self._short(archive, start_ms, key, file_bytes)
        elif self.walk.level >= Level.SIZE and file_bytes > size_bytes:
            found += self._beyond(archive, start_ms, size_bytes, row.end_ms, file_bytes)
        if self.walk.level >= Level.CHECKSUM:
            for kind, segment, words in self._flaws(archive, start_ms, Looked()):
                size = segment.size_bytes
                found.append(Finding(kind, archive.id, key, start_ms, segment.span, size, words))
        return found

    def _block(self, archive: Archive, start_ms: int) -> Block | None:
        with self._index.snapshot() as snapshot:
            block = snapshot.block_at(archive, start_ms)
        return block if block is not None and block.start_ms == start_ms else None

    def _short(self, archive: Archive, start_ms: int, key: str, file_bytes: int) -> list[Finding]:
        block = self._block(archive, start_ms)
        if block is None:
            return []
        kept, at_bytes = 0, 0
        for segment in block.segments:
            if at_bytes + segment.size_bytes > file_bytes:
                break
            kept, at_bytes = kept + 1, at_bytes + segment.size_bytes
        span = Span(block.segments[kept].start_ms, block.end_ms)
        lost_bytes = block.bytes_to - block.bytes_from - at_bytes
        return [Finding(Kind.SHORT, archive.id, key, start_ms, span, lost_bytes, kept=kept)]

    def _beyond(
        self, archive: Archive, start_ms: int, from_byte: int, from_ms: int, file_bytes: int
    ) -> list[Finding]:
        """What a file holds that no row names: whole segments, and what is none."""
        key = block_key(archive.id, start_ms)
        at_ms, at_byte = from_ms, from_byte
        with closing(self._storage.open(key)) as block:
            for sealed in self._eyes.sealed(block.read, from_byte, file_bytes):
                if sealed.segment.start_ms != at_ms:
                    break
                at_ms, at_byte = sealed.segment.end_ms, at_byte + sealed.segment.size_bytes
        found = []
        words = ""
        if at_ms > from_ms:
            span, size_bytes = Span(from_ms, at_ms), at_byte - from_byte
            if self._index.overlap(archive, span) is None:
                found.append(Finding(Kind.UNINDEXED, archive.id, key, start_ms, span, size_bytes))
            else:
                at_byte, words = from_byte, f"the time {span} is kept elsewhere"
        if at_byte < file_bytes:
            rest = file_bytes - at_byte
            found.append(Finding(Kind.LEFTOVER, archive.id, key, start_ms, None, rest, words, kept=at_byte))
        return found

    def _flaws(self, archive: Archive, start_ms: int, looked: Looked) -> list[tuple[Kind, Segment, str]]:
        """Segments of a block whose bytes are there and not what they should be."""
        block = self._block(archive, start_ms)
        if block is None:
            return []
        began_s, began_bytes = self._monotonic(), looked.read_bytes
        flaws = []
        at_bytes = 0
        try:
            with closing(self._storage.open(block_key(archive.id, start_ms))) as opened:
                for segment in block.segments:
                    data = opened.read(at_bytes, segment.size_bytes)
                    at_bytes += len(data)
                    looked.read_bytes += len(data)
                    if isal_zlib.crc32(data) != segment.crc32:
                        flaws.append((Kind.DAMAGED, segment, ""))
                    elif self.walk.level >= Level.DECODE and (words := self._eyes.decoded(data)):
                        flaws.append((Kind.UNDECODABLE, segment, words))
        except MissingBytes:
            # It is shorter than promised, which is found for itself, or was removed meanwhile.
            pass
        self._keep_pace(looked.read_bytes - began_bytes, began_s)
        return flaws

    def _keep_pace(self, read_bytes: int, began_s: float) -> None:
        if self._pace_bytes:
            ahead_s = read_bytes / self._pace_bytes - (self._monotonic() - began_s)
            if ahead_s > 0:
                self._sleep(ahead_s)

    def _unknown_archives(self) -> list[Finding]:
        """Archives of which the storage holds footage or a card, and the index nothing."""
        found = []
        for archive_id in self._missing_from(self._storage.archives()):
            sizes = [size_bytes for _, size_bytes in self._storage.list(str(archive_id))]
            card = read_card(self._storage, archive_id)
            if sizes or card is not None:
                title = f"the camera {card.camera.title!r}" if card else "a camera without a card"
                words = f"{len(sizes)} blocks of {title}"
                found.append(
                    Finding(
                        Kind.UNKNOWN_ARCHIVE,
                        archive_id,
                        str(archive_id),
                        size_bytes=sum(sizes),
                        detail=words,
                    )
                )
        # A camera may have been added or removed meanwhile.
        still = set(self._missing_from(self._storage.archives()))
        return [one for one in found if one.archive_id in still]

    def _missing_from(self, archives: Collection[UUID]) -> list[UUID]:
        known = self._index.archive_ids()
        return [archive_id for archive_id in archives if archive_id not in known]


def _ignore(_name: str, _size_bytes: int) -> None:
    """What lies there beside was told of when the walk began."""
