"""Blocks as files below one folder of the local disk.

Promises those of the protocol; durability by fsync of the file and of every folder above it. A
disk that is full is Full, and so is one on which less than a reserve would stay free: the index
and the rest of the machine need room too.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from uuid import UUID, uuid4

from footage.archive.errors import Full, MissingBytes, Unavailable, WrongStorage
from footage.archive.storage.local_block import LocalBlock
from footage.archive.storage.local_exports import LocalExportFiles
from footage.archive.storage.protocol import ASIDE_ENDING, BLOCK_ENDING, Room

MARKER = "footage-storage"
_WRITE_BYTES = 1 << 18
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NAMES_KNOWN = 10_000
_ARCHIVE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class LocalStorage:
    """Blocks below ``root``, which belongs to the archive set ``set_id``.

    Nothing is appended that would leave fewer than ``reserve_bytes`` free on the file system.
    """

    def __init__(self, root: Path, set_id: UUID, *, reserve_bytes: int = 0) -> None:
        self._root = root
        self._set_id = set_id
        self._reserve_bytes = reserve_bytes
        # Keys whose names would survive a power cut. Forgetting one costs a few syncs too many.
        self._lasting_names: set[str] = set()
        self._exports = LocalExportFiles(root / "exports", self, reserve_bytes)

    @property
    def exports(self) -> LocalExportFiles:
        """The files of exports, in a folder beside those of the archives."""
        return self._exports

    def claim(self) -> None:
        """Put the marker into a root that is new or empty.

        Raises WrongStorage where the root holds anything without this set's marker: it may be
        the footage of an index that was lost, or the bare mount point of a disk that is away.
        """
        with _translated("prepare the storage"):
            self._root.mkdir(parents=True, exist_ok=True)
            if not (self._root / MARKER).exists() and all(_is_ours(p) for p in self._root.iterdir()):
                # Whole or not at all, for two processes may start at once.
                fresh = self._root / f"{MARKER}.{uuid4()}"
                fresh.write_text(f"{self._set_id}\n", encoding="ascii")
                _sync_path(fresh)
                with suppress(FileExistsError):
                    os.link(fresh, self._root / MARKER)
                fresh.unlink()
                _sync_path(self._root)
        self.check()

    def append(self, key: str, start: int, data: bytes) -> None:
        """Write ``data`` at byte ``start``; see the protocol for what lies beyond."""
        path = self._path(key)
        with self._own_root() as root, _translated(f"write {key}"):
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            try:
                descriptor = os.open(key, flags, 0o640, dir_fd=root)
            except FileNotFoundError:
                _make_folders(root, key)
                descriptor = os.open(key, flags, 0o640, dir_fd=root)
            try:
                there = os.fstat(descriptor).st_size
                _check_promised(key, there, start)
                if start == 0:
                    # It may be a new file of an old name, or one that a killed writer made.
                    self._lasting_names.discard(key)
                self._write(path, descriptor, start, there, data)
            except (OSError, Full, MissingBytes):
                if there == 0:
                    # It holds nothing, and whoever tries again may choose another name.
                    with suppress(OSError):
                        os.unlink(key, dir_fd=root)
                raise
            finally:
                os.close(descriptor)

    def _write(self, path: Path, descriptor: int, start: int, there: int, data: bytes) -> None:
        """Write ``data`` into a file that has ``there`` bytes; all of it or nothing.

        Also what is there already: a disk that failed to take it may have forgotten it, while the
        system still shows it, and takes it for brought to the disk once it was told so.
        """
        tail = os.pread(descriptor, there - start, start)
        is_same = tail.startswith(data) or data.startswith(tail)
        self._check_room(descriptor, len(data) - len(tail) if is_same else len(data))
        if not is_same:
            _set_aside(path, descriptor, start)
            there = start
        _write_whole(descriptor, memoryview(data), start, there)

    def _check_room(self, descriptor: int, wanted_bytes: int) -> None:
        if not self._reserve_bytes or wanted_bytes <= 0:
            return  # the file system says so by itself
        found = os.fstatvfs(descriptor)
        free_bytes = found.f_bavail * found.f_frsize
        if free_bytes - wanted_bytes < self._reserve_bytes:
            raise Full(f"storage: {free_bytes} bytes are free, and {self._reserve_bytes} must stay free")

    def sync(self, key: str) -> None:
        """Fsync the file, then the folders above it where that was not done yet."""
        path = self._path(key)
        with _translated(f"sync {key}"):
            _sync_path(path)
            if key in self._lasting_names:
                return
            for folder in _folders_up_to(self._root, path):
                _sync_path(folder)
            if len(self._lasting_names) >= _NAMES_KNOWN:
                self._lasting_names.clear()
            self._lasting_names.add(key)

    def sync_all(self) -> None:
        """Have the system bring all that it still keeps in memory to its disks."""
        self.check()
        os.sync()

    def open(self, key: str) -> LocalBlock:
        """The block's file. Raises MissingBytes where there is none."""
        try:
            return LocalBlock(os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC), key)
        except FileNotFoundError as error:
            self._check_reachable()
            raise MissingBytes(f"{key} is not in the storage") from error
        except OSError as error:
            raise Unavailable(f"storage: cannot open {key}: {error.strerror}") from error

    def size(self, key: str) -> int | None:
        """Bytes stored under ``key``; None where there is none."""
        with _translated(f"look at {key}"):
            try:
                return self._path(key).stat().st_size
            except FileNotFoundError:
                self._check_reachable()
                return None

    def delete(self, key: str) -> None:
        """Unlink the file, and the hour, day and archive folders that it leaves empty."""
        with self._own_root() as root, _translated(f"remove {key}"):
            with suppress(FileNotFoundError):
                os.unlink(key, dir_fd=root)
            for folder in _folders_of(key):
                try:
                    os.rmdir(folder, dir_fd=root)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                        return
                    raise

    def list(self, prefix: str = "", *, with_others: bool = False) -> Iterator[tuple[str, int]]:
        """Every key below the folder ``prefix`` with its size, in the order of names."""
        self._check_reachable()
        with _translated("list the storage"):
            beside_root = len(str(self._root)) + 1
            for folder, folders, names in os.walk(self._root / prefix, onerror=_raise_unless_gone):
                folders.sort()
                for name in sorted(names):
                    if with_others or name.endswith(BLOCK_ENDING):
                        # Text, not Path: a path object costs as much as the look at the file.
                        path = f"{folder}/{name}"
                        try:
                            size_bytes = os.lstat(path).st_size
                        except FileNotFoundError:
                            continue  # removed meanwhile
                        yield path[beside_root:], size_bytes

    def archives(self) -> Sequence[UUID]:
        """The archives that have a folder."""
        self._check_reachable()
        with _translated("list the storage"):
            names = sorted(path.name for path in self._root.iterdir())
        return [found for name in names if (found := _archive_id(name))]

    def set_aside(self, key: str, start: int) -> None:
        """Move the file's end, or all of it, into a file beside it."""
        self.check()
        path = self._path(key)
        with _translated(f"set {key} aside"):
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                _set_aside(path, descriptor, start)
            finally:
                os.close(descriptor)
            if start == 0:
                path.unlink()
            _sync_path(path.parent)

    def put(self, name: str, data: bytes) -> None:
        """A file that is written apart, then renamed."""
        path = self._path(name)
        with self._own_root() as root, _translated(f"write {name}"):
            _make_folders(root, name)
            fresh = path.with_name(f"{path.name}.{uuid4()}")
            try:
                fresh.write_bytes(data)
                _sync_path(fresh)
                fresh.rename(path)
            except OSError:
                fresh.unlink(missing_ok=True)
                raise
            for folder in _folders_up_to(self._root, path):
                _sync_path(folder)

    def get(self, name: str) -> bytes | None:
        """A file's bytes."""
        with _translated(f"read {name}"):
            try:
                return self._path(name).read_bytes()
            except FileNotFoundError:
                self._check_reachable()
                return None

    def days(self) -> Iterator[tuple[UUID, str]]:
        """Every archive's id with each day of which something is stored: names of folders alone."""
        self._check_reachable()
        with _translated("list the storage"):
            for archive in os.scandir(self._root):
                if _ARCHIVE.fullmatch(archive.name) and archive.is_dir():
                    with suppress(FileNotFoundError):  # removed meanwhile
                        for day in os.scandir(archive.path):
                            if _DAY.fullmatch(day.name):
                                yield UUID(archive.name), day.name

    def room(self) -> Room:
        """Of the file system, less the reserve that stays free. Raises WrongStorage too."""
        self.check()
        with _translated("look at the disk"):
            found = os.statvfs(self._root)
        free_bytes = found.f_bavail * found.f_frsize - self._reserve_bytes
        return Room(max(free_bytes, 0), found.f_blocks * found.f_frsize)

    def _path(self, key: str) -> Path:
        return self._root / key

    def _check_reachable(self) -> None:
        """Raise Unavailable where the place is away or another's: what lies there says nothing."""
        try:
            self.check()
        except WrongStorage as wrong:
            raise Unavailable(f"storage: {wrong}") from wrong

    def check(self) -> None:
        """Raise WrongStorage where the marker of this set is not there, or is another's."""
        with self._own_root():
            pass

    @contextmanager
    def _own_root(self) -> Iterator[int]:
        """The root, checked: it leads to the disk with the marker, whatever is mounted meanwhile."""
        with _opened(self._root) as root:
            found = _marker(self._root, root)
            if found != str(self._set_id):
                raise WrongStorage(
                    f"{self._root} belongs to the archive set {found}, the index to {self._set_id}"
                )
            yield root


def marked_set(root: Path) -> UUID:
    """The archive set whose storage ``root`` is. Raises WrongStorage where no marker tells."""
    try:
        with _opened(root) as opened:
            return UUID(_marker(root, opened))
    except ValueError:
        raise WrongStorage(f"{root} carries a marker that names no archive set") from None


@contextmanager
def _opened(root: Path) -> Iterator[int]:
    try:
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _no_marker(root, error) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _marker(root: Path, opened: int) -> str:
    try:
        descriptor = os.open(MARKER, os.O_RDONLY | os.O_CLOEXEC, dir_fd=opened)
        with os.fdopen(descriptor, encoding="ascii", errors="replace") as marker:
            return marker.read().strip()
    except OSError as error:
        raise _no_marker(root, error) from error


def _no_marker(root: Path, error: OSError) -> WrongStorage | Unavailable:
    if isinstance(error, FileNotFoundError):
        return WrongStorage(f"{root} carries no marker: is its disk mounted? Nothing is written or removed")
    return Unavailable(f"storage: cannot read its marker: {error.strerror}")


def _archive_id(name: str) -> UUID | None:
    try:
        found = UUID(name)
    except ValueError:
        return None
    return found if str(found) == name else None


def _is_ours(path: Path) -> bool:
    """True for what a root may hold and still be empty: a marker in the making, a file system's own."""
    return path.name.startswith(MARKER) or path.name == "lost+found"


def _check_promised(key: str, there: int, start: int) -> None:
    if there < start:
        raise MissingBytes(f"{key} has {there} of the {start} bytes promised")


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        kind = Full if error.errno in _NO_ROOM else Unavailable
        raise kind(f"storage: cannot {doing}: {error.strerror}") from error


def _folders_of(key: str) -> list[PurePath]:
    """The folders that a key lies in, from the innermost to the archive's."""
    return list(PurePath(key).parents)[:-1]


def _make_folders(root: int, key: str) -> None:
    for folder in reversed(_folders_of(key)):
        with suppress(FileExistsError):
            os.mkdir(folder, dir_fd=root)


def _folders_up_to(root: Path, path: Path) -> list[Path]:
    """The folders above ``path`` up to and with ``root``."""
    return [folder for folder in path.parents if folder.is_relative_to(root)]


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _set_aside(path: Path, descriptor: int, start: int) -> None:
    """Keep what lies beyond ``start`` under a name of its own, then cut it off."""
    for number in range(1_000_000):
        aside = path.with_name(f"{path.name}.{start}-{number}{ASIDE_ENDING}")
        with suppress(FileExistsError):
            made = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
            try:
                _copy(descriptor, start, made)
                os.fsync(made)
            except OSError:
                with suppress(OSError):
                    aside.unlink()
                raise
            finally:
                os.close(made)
            os.ftruncate(descriptor, start)
            return
    raise Unavailable(f"storage: too many leftovers beside {path.name}")


def _copy(descriptor: int, start: int, made: int) -> None:
    at = start
    while piece := os.pread(descriptor, _WRITE_BYTES, at):
        _write_whole(made, memoryview(piece), at - start, at - start)
        at += len(piece)


def _write_whole(descriptor: int, data: memoryview, at: int, there: int) -> None:
    """Write ``data`` at byte ``at``; where that fails the file has ``there`` bytes again."""
    try:
        while data:
            # Megabytes in one call cost the kernel twice what pieces cost that stay in its caches.
            written = os.pwrite(descriptor, data[:_WRITE_BYTES], at)
            data = data[written:]
            at += written
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, there)
        raise


def _sync_path(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
