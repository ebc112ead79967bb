"""Files come in, or a repair sorts what lies in the storage: one at a time.

A repair takes whatever has no row for leftovers, which an import that is at work writes just then.
The kernel's lock on a file goes with the process, however it ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from footage.cli.output import CommandError


@contextmanager
def footage_comes_in(data_dir: Path) -> Iterator[None]:
    """Several may at once. Raises CommandError while a repair is at work."""
    with _locked(data_dir, fcntl.LOCK_SH, "a repair is at work: import when it is done"):
        yield


@contextmanager
def nothing_comes_in(data_dir: Path) -> Iterator[None]:
    """Raises CommandError while an import, or another repair, is at work."""
    with _locked(data_dir, fcntl.LOCK_EX, "an import or a repair is at work: repair when it is done"):
        yield


@contextmanager
def _locked(data_dir: Path, kind: int, refusal: str) -> Iterator[None]:
    descriptor = os.open(data_dir / "import.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CommandError(refusal) from None
    try:
        yield
    finally:
        os.close(descriptor)
