"""What the index promises beside what the storage holds, block by block, in the order of time.

Both are read in pages, so memory does not grow with the archive. They are not of one moment:
whoever compares a living archive looks again before he believes a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from footage.archive.cards import CARD
from footage.archive.index import BlockRow, FootageIndex
from footage.archive.storage import Storage, block_start
from footage.timeline import Archive

_PAGE = 2000


class Pair(NamedTuple):
    """A block as the index knows it, and the size of its file; either can be missing."""

    start_ms: int
    row: BlockRow | None
    file_bytes: int | None


def pairs(
    index: FootageIndex,
    storage: Storage,
    archive: Archive,
    from_ms: int = 0,
    on_other: Callable[[str, int], object] = lambda _name, _size: None,
) -> Iterator[Pair]:
    """Every block that starts at ``from_ms`` or later, of the index, the storage or both.

    ``on_other`` hears of whatever else lies in the archive's folder, but for its card.
    """
    rows = _rows(index, archive, from_ms)
    files = _files(storage, archive, from_ms, on_other)
    row, file = next(rows, None), next(files, None)
    while row is not None or file is not None:
        starts = [one[0] for one in (row, file) if one is not None]
        start_ms = min(starts)
        found_row = found_bytes = None
        if row is not None and row.start_ms == start_ms:
            found_row, row = row, next(rows, None)
        if file is not None and file[0] == start_ms:
            found_bytes, file = file[1], next(files, None)
        yield Pair(start_ms, found_row, found_bytes)


def _rows(index: FootageIndex, archive: Archive, from_ms: int) -> Iterator[BlockRow]:
    while page := index.block_rows(archive, from_ms, _PAGE):
        yield from page
        from_ms = page[-1].start_ms + 1


def _files(
    storage: Storage, archive: Archive, from_ms: int, on_other: Callable[[str, int], object]
) -> Iterator[tuple[int, int]]:
    """Start and size of each block's file, ascending."""
    card = f"{archive.id}/{CARD}"
    hour: list[tuple[int, int]] = []
    folder = ""
    for key, size_bytes in storage.list(str(archive.id), with_others=True):
        start_ms = block_start(archive.id, key)
        if start_ms is None:
            if key != card:
                on_other(key, size_bytes)
            continue
        if not key.startswith(folder) or not folder:
            # Names are in the order of text, which is that of time hour by hour.
            yield from sorted(hour)
            folder, hour = key.rpartition("/")[0], []
        if start_ms >= from_ms:
            hour.append((start_ms, size_bytes))
    yield from sorted(hour)
