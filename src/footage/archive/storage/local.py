"""Blocks as files below one folder of the local disk.

Promises those of the protocol; durability by fsync of the file and of every folder that was made
for it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from footage.archive.errors import MissingBytes, Unavailable, WrongStorage

MARKER = "footage-storage"


class LocalBlock:
    """An open file of a block; the descriptor outlives an unlink."""

    def __init__(self, descriptor: int, key: str) -> None:
        self._descriptor = descriptor
        self._key = key

    def read(self, start: int, size: int) -> bytes:
        """Exactly ``size`` bytes from byte ``start``. Raises MissingBytes where they end early."""
        try:
            data = os.pread(self._descriptor, size, start)
        except OSError as error:
            raise Unavailable(f"storage: cannot read {self._key}: {error.strerror}") from error
        if len(data) != size:
            raise MissingBytes(f"{self._key} ends before byte {start + size}")
        return data

    def close(self) -> None:
        """Close the descriptor, once."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class LocalStorage:
    """Blocks below ``root``, which belongs to the archive set ``set_id``."""

    def __init__(self, root: Path, set_id: UUID) -> None:
        self._root = root
        self._set_id = set_id
        self._unsynced_folders: dict[str, list[Path]] = {}

    def claim(self) -> None:
        """Put the marker into a root that is new or empty.

        Raises WrongStorage where the root holds anything without this set's marker: it may be
        the footage of an index that was lost, or the bare mount point of a disk that is away.
        """
        with _translated("prepare the storage"):
            self._root.mkdir(parents=True, exist_ok=True)
            if not any(self._root.iterdir()):
                marker = self._root / MARKER
                marker.write_text(f"{self._set_id}\n", encoding="ascii")
                _sync_path(marker)
                _sync_path(self._root)
        self.check()

    def append(self, key: str, start: int, data: bytes) -> None:
        """Write ``data`` at byte ``start``; see the protocol for what lies beyond."""
        self.check()
        path = self._path(key)
        with _translated(f"write {key}"):
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            except FileNotFoundError:
                made = _make_folders(path.parent)
                self._unsynced_folders[key] = made
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                there = os.fstat(descriptor).st_size
                if start == 0 and there == 0:
                    self._unsynced_folders.setdefault(key, []).append(path.parent)
                if there < start:
                    raise MissingBytes(f"{key} has {there} of the {start} bytes promised")
                tail = os.pread(descriptor, there - start, start)
                if tail and not data.startswith(tail):
                    if tail.startswith(data):
                        return
                    _set_aside(path, descriptor, start, tail)
                _write_all(descriptor, data, start)
            finally:
                os.close(descriptor)

    def sync(self, key: str) -> None:
        """Fsync the file, then the folders made for it."""
        with _translated(f"sync {key}"):
            _sync_path(self._path(key))
            for folder in self._unsynced_folders.pop(key, ()):
                _sync_path(folder)

    def open(self, key: str) -> LocalBlock:
        """The block's file. Raises MissingBytes where there is none."""
        try:
            return LocalBlock(os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC), key)
        except FileNotFoundError as error:
            try:
                self.check()
            except WrongStorage as wrong:
                raise Unavailable(f"storage: {wrong}") from error
            raise MissingBytes(f"{key} is not in the storage") from error
        except OSError as error:
            raise Unavailable(f"storage: cannot open {key}: {error.strerror}") from error

    def size(self, key: str) -> int | None:
        """Bytes stored under ``key``; None where there is none."""
        with _translated(f"look at {key}"):
            try:
                return self._path(key).stat().st_size
            except FileNotFoundError:
                return None

    def delete(self, key: str) -> None:
        """Unlink the file, and the hour, day and archive folders that it leaves empty."""
        self.check()
        path = self._path(key)
        with _translated(f"remove {key}"):
            path.unlink(missing_ok=True)
            for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    continue
                except OSError as error:
                    if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                        return
                    raise

    def list(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every key below the folder ``prefix`` with its size, in the order of names."""
        with _translated("list the storage"):
            for folder, folders, names in os.walk(self._root / prefix):
                folders.sort()
                for name in sorted(names):
                    if name.endswith(".ts"):
                        path = Path(folder, name)
                        yield str(path.relative_to(self._root)), path.stat().st_size

    def _path(self, key: str) -> Path:
        return self._root / key

    def check(self) -> None:
        """Raise WrongStorage where the marker of this set is not there, or is another's."""
        try:
            found = (self._root / MARKER).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise WrongStorage(
                f"{self._root} carries no marker: is its disk mounted? Nothing is written or removed"
            ) from None
        except OSError as error:
            raise Unavailable(f"storage: cannot read its marker: {error.strerror}") from error
        if found != str(self._set_id):
            raise WrongStorage(
                f"{self._root} belongs to the archive set {found}, the index to {self._set_id}"
            )


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"storage: cannot {doing}: {error.strerror}") from error


def _set_aside(path: Path, descriptor: int, start: int, tail: bytes) -> None:
    """Keep what lies beyond ``start`` under a name of its own, then cut it off."""
    for number in range(1_000_000):
        with suppress(FileExistsError):
            with path.with_name(f"{path.name}.{start}-{number}.aside").open("xb") as aside:
                aside.write(tail)
                aside.flush()
                os.fsync(aside.fileno())
            os.ftruncate(descriptor, start)
            return
    raise Unavailable(f"storage: too many leftovers beside {path.name}")


def _write_all(descriptor: int, data: bytes, start: int) -> None:
    left = memoryview(data)
    while left:
        written = os.pwrite(descriptor, left, start)
        left = left[written:]
        start += written


def _make_folders(folder: Path) -> list[Path]:
    """Make ``folder`` and what lies above it; return the folders whose entries are new."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
    return [new.parent for new in missing]


def _sync_path(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
