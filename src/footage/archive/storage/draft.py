"""A file in the making, which gets its name when it is whole.

It is written at any place, under a name of its own beside the later one; ``finish`` makes it durable and
renames it, and whatever else ends it removes it. A process that is killed leaves the draft behind, never
half a file under the later name.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from footage.archive.errors import Full, Unavailable

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PIECE_BYTES = 4 << 20
_CHECK_ROOM_BYTES = 16 << 20
_WRITE_OUT_BYTES = 64 << 20


class LocalDraft:
    """A draft at ``path`` that becomes ``final``. Use as a context manager.

    Nothing is written that would leave fewer than ``spare_bytes`` free on the disk: that is Full. Other
    troubles of the disk are Unavailable. What is written is brought to the disk a little at a time, by a
    thread of its own, so that neither the end of this nor whoever syncs beside it waits for gigabytes.
    """

    def __init__(self, path: Path, final: Path, *, spare_bytes: int = 0) -> None:
        self._path = path
        self._final = final
        self._spare_bytes = spare_bytes
        self._unchecked = self._unwritten = 0
        with _translated(f"make {final.name}"):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        self._bringing: Future[None] | None = None
        self._bringer = ThreadPoolExecutor(1, "draft")
        try:
            self._check_room()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, data: bytes, at: int) -> None:
        """Write ``data`` at byte ``at``. Raises Full, Unavailable."""
        self._unchecked += len(data)
        if self._unchecked >= _CHECK_ROOM_BYTES:
            self._check_room()
        with _translated(f"write {self._final.name}"):
            view = memoryview(data)
            while view:
                written = os.pwrite(self._descriptor, view, at)
                view, at = view[written:], at + written
        self._unwritten += len(data)
        if self._unwritten >= _WRITE_OUT_BYTES:
            self._unwritten = 0
            self._await_disk()
            self._bringing = self._bringer.submit(os.fdatasync, self._descriptor)

    def pieces(self) -> Iterator[bytes]:
        """All that was written, from the beginning. Raises Unavailable."""
        at = 0
        while piece := self._read(_PIECE_BYTES, at):
            yield piece
            at += len(piece)

    def move(self, at: int, to: int, size: int) -> None:
        """Move ``size`` bytes towards the end, from byte ``at`` to byte ``to``."""
        while size > 0:
            # From the end backwards: what is written over was moved before.
            step = min(size, _PIECE_BYTES)
            size -= step
            self.write(self._read(step, at + size), to + size)

    def finish(self, *, replace: bool = True) -> None:
        """Give it its name, durably. Raises FileExistsError where another has it, unless ``replace``."""
        self._await_disk()
        with _translated(f"finish {self._final.name}"):
            os.fsync(self._descriptor)
            if not replace and self._final.exists():
                raise FileExistsError(errno.EEXIST, f"{self._final} is there already")
            self._path.rename(self._final)
            folder = os.open(self._final.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def close(self) -> None:
        """Let go of it; what did not get its name is gone."""
        # It works with the descriptor.
        self._bringer.shutdown()
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _await_disk(self) -> None:
        """Until what was to be brought to the disk last is there. Raises Full, Unavailable."""
        if self._bringing is not None:
            with _translated(f"sync {self._final.name}"):
                self._bringing.result()

    def _read(self, size: int, at: int) -> bytes:
        with _translated(f"read {self._final.name}"):
            return os.pread(self._descriptor, size, at)

    def _check_room(self) -> None:
        self._unchecked = 0
        if not self._spare_bytes:
            return  # the file system says so by itself
        with _translated("look at the disk"):
            found = os.fstatvfs(self._descriptor)
        free_bytes = found.f_bavail * found.f_frsize
        if free_bytes - _CHECK_ROOM_BYTES < self._spare_bytes:
            raise Full(f"storage: {free_bytes} bytes are free, and {self._spare_bytes} must stay free")


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        kind = Full if error.errno in _NO_ROOM else Unavailable
        raise kind(f"storage: cannot {doing}: {error.strerror}") from error
