"""Which recorder a process is: a name that outlives it, held by one process at a time.

The name lies in a file of the data folder, and the kernel's lock on that file goes with the
process, however it ends. So whoever gets the name knows that nobody else acts under it, and takes
up at once what its predecessor held, without waiting for a lease to run out.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

_NAME_BYTES = 36


class Slot:
    """The first free name below ``folder``. Use as a context manager, or ``close`` it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        number = 0
        while (descriptor := _locked(folder / f"{number}.slot")) is None:
            number += 1
        self._descriptor = descriptor
        self.id = _name(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another process take the name."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _locked(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _name(descriptor: int) -> UUID:
    """The name in the file; a new one where there is none, or half of one."""
    try:
        return UUID(os.pread(descriptor, _NAME_BYTES, 0).decode("ascii"))
    except ValueError:
        name = uuid4()
        os.pwrite(descriptor, str(name).encode("ascii"), 0)
        os.fsync(descriptor)
        return name
