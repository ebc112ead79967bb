"""The only way out of an archive: mark the rows, delete the bytes, forget the rows.

Keeps invariant 2: what is marked is no longer served, and a crash anywhere leaves marks that
``finish`` completes later.
"""

from __future__ import annotations

from footage.archive.index import Index
from footage.archive.storage import Storage, block_key
from footage.timeline import Archive

_BATCH = 500


def remove_run(index: Index, storage: Storage, archive: Archive, run_id: int) -> None:
    """Remove one run."""
    index.mark_run(archive, run_id)
    finish(index, storage)


def finish(index: Index, storage: Storage) -> int:
    """Delete the bytes of everything marked, forget it, and return how many blocks that were."""
    removed = 0
    while blocks := index.leaving(_BATCH):
        for block in blocks:
            storage.delete(block_key(block.archive_id, block.start_ms))
        index.drop_blocks(blocks)
        removed += len(blocks)
    index.drop_removed_archives()
    return removed
