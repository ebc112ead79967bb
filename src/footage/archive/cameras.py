"""The cameras: made, looked up, changed and removed, each with its archive."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from footage.archive.cards import is_up_to_date, try_to_write_card
from footage.archive.errors import UnknownCamera
from footage.archive.index import BinnedCamera, Index
from footage.archive.remove import remove_archive
from footage.archive.storage import Storage
from footage.timeline import Archive, Camera, CameraStatus

_PAGE = 500
BIN_MS = 86_400_000
"""How long a camera that was removed can be taken back."""


class Cameras:
    """Every camera of one index. Calls are synchronous, from any thread, and raise Unavailable."""

    def __init__(self, index: Index, storage: Storage) -> None:
        self._index = index
        self._storage = storage

    def add(self, camera: Camera, source_url: str | None = None) -> Camera:
        """Add a camera. Raises AlreadyExists."""
        self._index.add_camera(camera, source_url)
        added = replace(camera, has_source=source_url is not None)
        self._write_card(added)
        return added

    def get(self, camera_id: UUID) -> Camera:
        """The camera of that id. Raises UnknownCamera."""
        camera = self._index.camera(camera_id)
        if camera is None:
            raise UnknownCamera(f"no camera has the id {camera_id}")
        return camera

    def archive_of(self, camera: Camera) -> Archive:
        """The archive that a camera owns. Raises UnknownCamera where it was removed meanwhile."""
        archive = self._index.archive(camera.archive_id)
        if archive is None:
            raise UnknownCamera(f"no camera has the id {camera.id}")
        return archive

    def archives_of(self, cameras: Collection[Camera]) -> list[tuple[Camera, Archive]]:
        """Cameras with their archives; without those that were removed meanwhile."""
        archives = self._index.archives([camera.id for camera in cameras])
        return [(camera, archives[camera.id]) for camera in cameras if camera.id in archives]

    def page(self, *, limit: int, after: tuple[str, UUID] | None = None) -> list[Camera]:
        """Cameras by title, then id; ``after`` is the last of the page before."""
        return self._index.cameras(limit=limit, after=after)

    def every(self) -> Iterator[Camera]:
        """All cameras, by title, fetched a page at a time."""
        after = None
        while page := self.page(limit=_PAGE, after=after):
            yield from page
            after = (page[-1].title, page[-1].id)

    def status(self, camera: Camera) -> CameraStatus | None:
        """How a camera's recording goes; None where no recorder ever said. Raises UnknownCamera."""
        number = self.archive_of(camera).number
        return self._index.statuses([number]).get(number)

    def statuses(self, archives: Collection[Archive] | None = None) -> dict[int, CameraStatus]:
        """How it goes, by number of the archive: of those, or of all."""
        if archives is None:
            return self._index.statuses()
        return self._index.statuses([archive.number for archive in archives])

    def change(self, camera_id: UUID, changes: dict[str, Any]) -> Camera:
        """Change the named fields (of Camera, or ``source_url``). Raises UnknownCamera."""
        changed = self._index.change_camera(camera_id, changes)
        self._write_card(changed)
        return changed

    def revoke_links(self, camera_id: UUID) -> int:
        """Make every link to the camera's archive worthless. Raises UnknownCamera."""
        epoch = self._index.raise_token_epoch(camera_id)
        self._write_card(self.get(camera_id))
        return epoch

    def remove(self, camera_id: UUID, *, now_ms: int) -> int:
        """Take a camera and all that is kept of it out of sight; until when it can be taken back.

        Raises UnknownCamera, and Locked where locks protect some of it. The keeper deletes it then.
        """
        until_ms = now_ms + BIN_MS
        self._index.mark_camera(camera_id, until_ms, now_ms=now_ms)
        return until_ms

    def remove_for_good(self, camera_id: UUID, *, now_ms: int) -> None:
        """Remove a camera and delete all that is kept of it now. Raises UnknownCamera, Locked."""
        archive = self._index.mark_camera(camera_id, now_ms=now_ms)
        remove_archive(self._index, self._storage, archive)

    def restore(self, camera_id: UUID) -> Camera:
        """Take back a camera that was removed, with all its footage. Raises UnknownCamera."""
        self._index.restore_camera(camera_id)
        camera = self.get(camera_id)
        self._write_card(camera)
        return camera

    def bin(self) -> list[BinnedCamera]:
        """Cameras that can be taken back, by title."""
        return self._index.bin()

    def write_cards(self) -> int:
        """Write the cards that are missing or old, such as those of a version that knew none; how many."""
        pairs = self.archives_of(list(self.every()))
        outdated = [pair for pair in pairs if not is_up_to_date(self._storage, *pair)]
        for camera, archive in outdated:
            try_to_write_card(self._storage, camera, archive)
        return len(outdated)

    def _write_card(self, camera: Camera) -> None:
        archive = self._index.archive(camera.archive_id)
        if archive is not None:
            try_to_write_card(self._storage, camera, archive)
