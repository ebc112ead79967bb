"""A file of the local disk, being read."""

from __future__ import annotations

import os

from footage.archive.errors import MissingBytes, Unavailable


class LocalBlock:
    """An open file; the descriptor outlives an unlink."""

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

    def read_ready(self, start: int, size: int) -> bytes | None:
        """The same if all of it is in the page cache; None otherwise."""
        buffer = bytearray(size)
        try:
            read = os.preadv(self._descriptor, (buffer,), start, os.RWF_NOWAIT)
        except OSError:
            # Not cached, or a file system that cannot tell.
            return None
        return bytes(buffer) if read == size else None

    def close(self) -> None:
        """Close the descriptor, once."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
