"""Archives of thousands of runs, made in seconds: rows alone, written in one transaction."""

from __future__ import annotations

from collections.abc import Iterable

from footage.archive.index import BlockCommit
from footage.timeline import Archive, Block, Keyframe, Run, Segment
from kit.archive import CODECS, Shelf

_SIZE_BYTES = 188


def add_rows(shelf: Shelf, spans: Iterable[tuple[int, int]]) -> None:
    """A run of one segment, whose bytes nobody may ask for, for each (start, end) in ms."""
    commits = [_commit(shelf.archive, start_ms, end_ms) for start_ms, end_ms in spans]
    for outcome in shelf.house.index.commit_blocks(commits):
        assert isinstance(outcome, Run), outcome


def _commit(archive: Archive, start_ms: int, end_ms: int) -> BlockCommit:
    keyframes = (Keyframe(0, 0, _SIZE_BYTES),)
    segment = Segment(start_ms, end_ms - start_ms, _SIZE_BYTES, 0, keyframes)
    return BlockCommit(
        archive, Run(0, start_ms, end_ms, 0, _SIZE_BYTES, CODECS), Block(start_ms, 0, (segment,))
    )
