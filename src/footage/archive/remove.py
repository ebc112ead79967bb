"""The only way out of an archive: mark the rows, delete the bytes, forget the rows.

Keeps invariant 2: what is marked is no longer served, and a crash anywhere leaves marks that the keeper,
or ``finish``, completes later.
"""

from __future__ import annotations

from collections.abc import Callable

from footage.archive.cards import card_name
from footage.archive.index import Index, LeavingBlock
from footage.archive.storage import Storage, block_key
from footage.timeline import Archive

_BATCH = 500
_NONE_EXPIRED = -1
"""Before all time: only those of removed cameras."""


def remove_run(
    index: Index, storage: Storage, archive: Archive, run_id: int, *, held_too: bool = False
) -> None:
    """Remove one run. Raises Held where an export is made of it, unless ``held_too``."""
    index.mark_run(archive, run_id, held_too=held_too)
    _remove(index, storage, lambda: index.leaving_of(archive, _BATCH, run_id=run_id))


def remove_archive(index: Index, storage: Storage, archive: Archive) -> None:
    """Delete what is kept of a camera that was removed for good."""
    _remove(index, storage, lambda: index.leaving_of(archive, _BATCH))
    forget_removed(index, storage)


def finish(index: Index, storage: Storage) -> int:
    """Delete the bytes of everything marked, forget it, and return how many blocks that were.

    At once, so only where nobody reads: a server's keeper waits for its readers.
    """
    removed = _remove(index, storage, lambda: index.leaving(_BATCH))
    forget_removed(index, storage)
    return removed


def _remove(index: Index, storage: Storage, leaving: Callable[[], list[LeavingBlock]]) -> int:
    removed = 0
    while blocks := leaving():
        for block in blocks:
            storage.delete(block_key(block.archive_id, block.start_ms))
        index.drop_blocks(blocks)
        removed += len(blocks)
    return removed


def forget_removed(index: Index, storage: Storage) -> None:
    """Forget removed cameras of which nothing is left, with their exports and cards."""
    forget_exports(index, storage, _NONE_EXPIRED)
    for archive_id in index.emptied_archives():
        storage.delete(card_name(archive_id))
    index.drop_removed_archives()


def forget_exports(index: Index, storage: Storage, now_ms: int) -> int:
    """Remove exports that have expired, and those of removed cameras; how many that were."""
    leaving = index.leaving_exports(now_ms)
    for export in leaving:
        storage.exports.delete(export.id)
        index.drop_export(export.id)
    return len(leaving)
