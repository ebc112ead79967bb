"""The index again from the storage alone: cameras from their cards, rows from the bytes.

What is there already stays, so a rebuild that was killed goes on by being run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from footage.archive.cards import Card, read_card
from footage.archive.compare import pairs
from footage.archive.errors import AlreadyExists
from footage.archive.findings import Finding
from footage.archive.index import Index
from footage.archive.storage import Storage, block_start
from footage.archive.trusted_clock import Moment
from footage.recording.taking_in import Taken, Taker
from footage.timeline import Archive, Camera

_NO_BOOT = "before the index was lost"
"""What a clock counted from, so that it is another boot than any."""


@dataclass(frozen=True, slots=True)
class Back:
    """A camera that is in the index again.

    ``had_source`` tells that it was recorded: the URL was not in the storage. Without a card even
    its title is not known.
    """

    camera: Camera
    archive: Archive
    had_source: bool
    has_card: bool
    is_new: bool


def cameras_back(index: Index, storage: Storage) -> Iterator[Back]:
    """Every archive that the storage holds footage or a card of, its camera added where it is missing."""
    _believe_footage(index, storage)
    known = index.archive_ids()
    for archive_id in storage.archives():
        back = camera_back(index, storage, archive_id, is_new=archive_id not in known)
        if back is not None:
            yield back


def _believe_footage(index: Index, storage: Storage) -> None:
    """Let the keeper compare the host's clock with the newest footage: when it was right is forgotten."""
    days = set(storage.days())
    if not days or index.keeper().seen is not None:
        return
    newest = max(day for _, day in days)
    starts = [
        block_start(archive_id, key)
        for archive_id, day in days
        if day == newest
        for key, _ in storage.list(f"{archive_id}/{day}")
    ]
    newest_ms = max((start_ms for start_ms in starts if start_ms is not None), default=None)
    if newest_ms is not None:
        index.set_seen(Moment(newest_ms, _NO_BOOT, 0).as_row())


def camera_back(index: Index, storage: Storage, archive_id: UUID, *, is_new: bool = True) -> Back | None:
    """One of them; None where there is nothing to bring back, or its camera is being removed."""
    card = read_card(storage, archive_id)
    if is_new:
        if card is None and next(iter(storage.list(str(archive_id))), None) is None:
            return None
        _add(index, card, archive_id)
    archive = index.archive(archive_id)
    camera = None if archive is None else index.camera(archive.camera_id)
    if archive is None or camera is None:
        return None
    had_source = card is not None and card.camera.has_source and not camera.has_source
    return Back(camera, archive, had_source, card is not None, is_new)


def _add(index: Index, card: Card | None, archive_id: UUID) -> None:
    if card is None:
        camera, epoch = Camera(id=uuid4(), archive_id=archive_id, title=f"Found again {archive_id}"), 0
    else:
        camera, epoch = replace(card.camera, has_source=False), card.token_epoch
    try:
        index.add_camera(camera, None, epoch)
    except AlreadyExists:
        # Its camera has another archive now: the footage still needs an owner.
        camera = replace(camera, id=uuid4())
        index.add_camera(camera, None, epoch)


def rows_back(index: Index, storage: Storage, archive: Archive) -> Iterator[Taken]:
    """Take in every block of an archive that no row names."""
    yield from Taker(index, storage, archive).take(_without_rows(index, storage, archive))


def _without_rows(index: Index, storage: Storage, archive: Archive) -> Iterable[int]:
    return (pair.start_ms for pair in pairs(index, storage, archive) if pair.row is None)


class TakesIn:
    """What a repair asks for; see footage.archive.repair."""

    def __init__(self, index: Index, storage: Storage) -> None:
        self._index = index
        self._storage = storage

    def block(self, archive: Archive, start_ms: int, *, is_new: bool) -> str:
        """Take in a block without a row, or what is behind the promised bytes of one; what was done."""
        taker = Taker(self._index, self._storage, archive)
        taken = [*taker.take([start_ms])] if is_new else [taker.behind(start_ms)]
        return _words(taken)

    def archive(self, finding: Finding) -> str:
        """Take in an archive that the index does not know."""
        back = camera_back(self._index, self._storage, finding.archive_id)
        if back is None:
            return "nothing of it is left"
        words = _words(rows_back(self._index, self._storage, back.archive))
        return f"{words}, camera {back.camera.id} {back.camera.title!r}"


def _words(taken: Iterable[Taken]) -> str:
    blocks = segments = damaged = 0
    left = None
    for one in taken:
        blocks, segments = blocks + (one.left is None), segments + one.segments
        damaged += len(one.damaged)
        left = left or one.left
    words = f"taken in: {segments} segments in {blocks} blocks"
    if damaged:
        words += f", {damaged} of them damaged"
    return words if left is None else f"{words}; left: {left}"
