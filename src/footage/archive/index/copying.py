"""A copy of an SQLite index while others write it: SQLite's own online backup."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from footage.archive.errors import Unavailable

_PAGES = 2000
"""Copied at a time: a writer waits for no more than that."""


def copy_index(url: str, target: Path) -> None:
    """Copy the index behind ``url`` to the new file ``target``, as it is at one moment, durably.

    Raises Unavailable where it is no SQLite database, cannot be read, or the copy is not sound.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise Unavailable("index: only SQLite can be copied; use the database's own backup")
    try:
        with (
            closing(sqlite3.connect(f"file:{parsed.database}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            # One transaction around it: a backup begins anew whenever somebody else has written.
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM sqlite_master").fetchone()
            source.backup(copy, pages=_PAGES)
            # The copy stands alone, without a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
            [[told]] = copy.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        raise Unavailable(f"index: {error}") from error
    if told != "ok":
        raise Unavailable(f"index: the copy is not sound: {told}")
    descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
