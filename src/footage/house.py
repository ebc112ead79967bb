"""What every process of the server opens: the index, the storage, the signing keys."""

from __future__ import annotations

from dataclasses import dataclass

from footage.access.signing_keys import SigningKeys
from footage.archive.audit import Audit
from footage.archive.cameras import Cameras
from footage.archive.errors import WrongStorage
from footage.archive.exports import ExportLimits, Exports
from footage.archive.index import SqlIndex, open_index
from footage.archive.keys import Keys
from footage.archive.storage import LocalStorage, marked_set
from footage.settings import Settings


@dataclass(frozen=True, slots=True)
class House:
    """The parts that every command works with, opened. Close it when done."""

    settings: Settings
    index: SqlIndex
    storage: LocalStorage
    signing_keys: SigningKeys

    @property
    def cameras(self) -> Cameras:
        """The cameras."""
        return Cameras(self.index, self.storage)

    @property
    def exports(self) -> Exports:
        """The exports made in the background."""
        limits = ExportLimits(
            max_open=self.settings.export_queue,
            max_bytes=self.settings.export_bytes,
            ttl_ms=self.settings.export_ttl_s * 1000,
        )
        return Exports(self.index, self.storage, limits)

    @property
    def keys(self) -> Keys:
        """The integration keys."""
        return Keys(self.index)

    @property
    def audit(self) -> Audit:
        """The log of who did what."""
        return Audit(
            self.index, keep_days=self.settings.audit_days, keep_entries=self.settings.audit_entries
        )

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()


def open_house(settings: Settings) -> House:
    """Open, or make, what is in the data folder. Raises ArchiveError, SigningKeysError."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return _open(settings, open_index(settings.index))


def open_house_without_index(settings: Settings) -> House:
    """The same around an index that may be new: it becomes that of the storage that is there.

    Raises WrongStorage where there is no such storage, or the index is another's.
    """
    set_id = marked_set(settings.storage)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    index = open_index(settings.index)
    index.take_set(set_id)
    return _open(settings, index)


def _open(settings: Settings, index: SqlIndex) -> House:
    storage = LocalStorage(settings.storage, index.set_id, reserve_bytes=settings.storage_reserve_bytes)
    has_storage = index.has_storage
    try:
        if has_storage:
            # An empty folder in its place is the mount point of a disk that is away.
            storage.check()
        else:
            storage.claim()
            index.note_storage()
    except WrongStorage as wrong:
        if has_storage:
            raise WrongStorage(f"{wrong} (archive set {index.set_id})") from wrong
        if index.archive_ids():
            raise
        index.close()
        raise WrongStorage(
            f"{wrong}; the index is empty: if it was lost, footage check --rebuild makes it again"
        ) from wrong
    signing_keys = SigningKeys(settings.signing_keys)
    signing_keys.ensure()
    return House(settings, index, storage, signing_keys)
