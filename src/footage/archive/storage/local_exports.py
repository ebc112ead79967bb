"""The files of exports in one folder of the local disk.

Recording may use the disk up to its reserve; exports leave twice that free, so that they never take the
room that recording goes on in.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol
from uuid import UUID

from footage.archive.errors import MissingBytes, Unavailable
from footage.archive.storage.draft import LocalDraft
from footage.archive.storage.local_block import LocalBlock
from footage.archive.storage.protocol import Room

_DRAFT = ".part"


class _Ground(Protocol):
    """The storage whose disk it is."""

    def check(self) -> None:
        """Raise WrongStorage where it is another's, or away."""

    def room(self) -> Room:
        """How much may still be written."""


class LocalExportFiles:
    """Files below ``folder``, on the disk of ``ground`` with its ``reserve_bytes``."""

    def __init__(self, folder: Path, ground: _Ground, reserve_bytes: int) -> None:
        self._folder = folder
        self._ground = ground
        self._reserve_bytes = reserve_bytes

    def draft(self, name: str) -> LocalDraft:
        """A new file of that name, in the making; brought to the disk little by little."""
        self._ground.check()
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise Unavailable(f"storage: cannot make the folder of exports: {error.strerror}") from error
        final = self._folder / name
        return LocalDraft(
            final.with_name(name + _DRAFT),
            final,
            spare_bytes=2 * self._reserve_bytes,
        )

    def open(self, name: str) -> LocalBlock:
        """A file, to be read from. Raises MissingBytes where there is none."""
        try:
            return LocalBlock(os.open(self._folder / name, os.O_RDONLY | os.O_CLOEXEC), name)
        except FileNotFoundError as error:
            self._ground.check()
            raise MissingBytes(f"the export {name} is not in the storage") from error
        except OSError as error:
            raise Unavailable(f"storage: cannot open {name}: {error.strerror}") from error

    def delete(self, export_id: UUID) -> None:
        """Remove all files of an export, drafts too."""
        self._ground.check()
        try:
            for path in self._folder.glob(f"{export_id}*"):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable(f"storage: cannot remove an export: {error.strerror}") from error

    def has_room(self, size_bytes: int) -> bool:
        """Whether so many bytes could be written now."""
        return self._ground.room().free_bytes - self._reserve_bytes >= size_bytes
