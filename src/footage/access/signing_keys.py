"""The keys that tokens are signed with: a file of the server's own, one key a line, newest first.

The first signs, all verify, so that a key can be replaced without breaking links: put a new one
in front, and take the old one out when the last link it made has expired.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from threading import Lock

_KEY_BYTES = 32


class SigningKeysError(Exception):
    """The file of keys cannot be used; the text says why, never what is in it."""


class SigningKeys:
    """The keys in a file, read again when the file changes. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._keys: tuple[bytes, ...] = ()

    def all(self) -> tuple[bytes, ...]:
        """Every valid key; the first is the one to sign with. Raises SigningKeysError."""
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            with self._lock:
                if stamp != self._stamp:
                    self._keys = _parse(self._path.read_text(encoding="ascii"))
                    self._stamp = stamp
                return self._keys
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a list of keys"
            raise SigningKeysError(f"cannot use the signing keys in {self._path}: {reason}") from error

    def ensure(self) -> None:
        """Make the file with a first key where there is none."""
        if not self._path.exists():
            self._write((secrets.token_bytes(_KEY_BYTES),), exclusive=True)

    def rotate(self, keep: int) -> int:
        """Put a new key in front and keep the newest ``keep`` of the old; how many there are now."""
        keys = (secrets.token_bytes(_KEY_BYTES), *self.all()[:keep])
        self._write(keys, exclusive=False)
        return len(keys)

    def _write(self, keys: tuple[bytes, ...], *, exclusive: bool) -> None:
        """Whole or not at all, readable by the owner alone."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.writelines(f"{key.hex()}\n" for key in keys)
                file.flush()
                os.fsync(file.fileno())
            if exclusive:
                # Another process may have made one meanwhile: the first stays.
                try:
                    os.link(fresh, self._path)
                except FileExistsError:
                    return
            else:
                fresh.replace(self._path)
        finally:
            fresh.unlink(missing_ok=True)


def _parse(text: str) -> tuple[bytes, ...]:
    keys = tuple(bytes.fromhex(line) for line in text.split())
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise ValueError("no keys, or of the wrong length")
    return keys
