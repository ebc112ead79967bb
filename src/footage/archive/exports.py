"""The exports made in the background: asked for, looked up, cancelled, removed, and their files.

A file is named by its export and by the try that made it, and only the row of an export that is done
leads to one: so nobody meets half a file, nor one of a worker that was thought dead.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from footage.archive.errors import ExportsFull, MissingBytes
from footage.archive.index import Index, OpenExport
from footage.archive.storage import Draft, OpenBlock, Storage
from footage.timeline import Archive, Camera, Export, ExportState, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLimits:
    """How many may wait or run, what the files of all may take, and how long they are kept."""

    max_open: int
    max_bytes: int
    ttl_ms: int


class Exports:
    """Every export of one index. Calls are synchronous, from any thread, and raise Unavailable."""

    def __init__(self, index: Index, storage: Storage, limits: ExportLimits) -> None:
        self._index = index
        self._storage = storage
        self.limits = limits

    def add(self, export: Export) -> None:
        """Let one wait for its worker. Raises ExportsFull, UnknownCamera."""
        if not self._storage.exports.has_room(export.size_bytes):
            raise ExportsFull("the storage has no room for it beside the footage")
        self._index.add_export(export, max_open=self.limits.max_open, max_bytes=self.limits.max_bytes)

    def get(self, archive: Archive, export_id: UUID, limits: Span) -> Export | None:
        """An archive's export; None where there is none that reaches nowhere outside ``limits``."""
        export = self._index.export(archive, export_id)
        if export is None or export.reach.cut_to(limits) != export.reach:
            return None
        return export

    def page(
        self, archive: Archive, limits: Span, *, limit: int, after: tuple[int, UUID] | None = None
    ) -> list[Export]:
        """Those of an archive that reach nowhere outside ``limits``, newest first."""
        return self._index.exports(archive, limits, limit=limit, after=after)

    def remove(self, export: Export, now_ms: int) -> None:
        """Cancel one that waits or runs; forget one that has ended."""
        if self._index.cancel_export(export.id, now_ms, now_ms + self.limits.ttl_ms):
            self._storage.exports.delete(export.id)
        else:
            self._storage.exports.delete(export.id)
            self._index.drop_export(export.id)

    def open_movie(self, export: Export) -> OpenBlock:
        """The movie of one that is done. Raises MissingBytes."""
        return self._storage.exports.open(movie_name(export))

    def manifest(self, export: Export) -> bytes:
        """The manifest of one that is done. Raises MissingBytes."""
        if export.manifest_bytes is None:
            raise MissingBytes(f"the export {export.id} has no manifest")
        file = self._storage.exports.open(manifest_name(export))
        try:
            return file.read(0, export.manifest_bytes)
        finally:
            file.close()

    # What a worker does with them.

    def unfinished(self) -> list[OpenExport]:
        """All that wait or run, oldest first."""
        return self._index.open_exports()

    def totals(self) -> dict[ExportState, tuple[int, int]]:
        """How many there are of each state, and the bytes of their files."""
        return self._index.export_totals()

    def claim(self, export: Export, worker_id: UUID) -> int | None:
        """Take one up, and remove what a try before has left; its fence, None where that is too late."""
        # A storage that is away is no try: raises what it raises.
        self._storage.exports.has_room(0)
        fence = self._index.claim_export(export, worker_id)
        if fence is not None:
            self._storage.exports.delete(export.id)
        return fence

    def go_on(self, export: Export, read_bytes: int) -> bool:
        """Say how far it is; False where it was cancelled, or another worker has it."""
        return self._index.beat_export(export.id, export.fence, read_bytes)

    def release(self, export: Export) -> None:
        """Let it wait again."""
        self._index.release_export(export.id, export.fence)

    def end(self, export: Export) -> bool:
        """Write down how it ended; where that was no longer this worker's to say, remove its files."""
        if self._index.end_export(export):
            return True
        file = self._index.export(export.archive, export.id)
        if file is None or not file.state.is_open:
            self._storage.exports.delete(export.id)
        return False

    def draft(self, name: str) -> Draft:
        """A file in the making. Raises Full."""
        return self._storage.exports.draft(name)

    def camera_of(self, export: Export) -> Camera | None:
        """The camera that it is of; None where that was removed."""
        return self._index.camera(export.archive.camera_id)


def movie_name(export: Export) -> str:
    """What the movie of this try is kept as."""
    return f"{export.id}-{export.fence}.mp4"


def manifest_name(export: Export) -> str:
    """What the manifest of this try is kept as."""
    return f"{export.id}-{export.fence}.json"
