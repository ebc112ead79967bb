"""Rows of many writers in few transactions: a transaction costs a sync of the disk, whatever is in it.

Whoever comes while one runs is written by the next one, together with all others that wait. There
is no thread and no delay of its own: the first that comes leads, and hands the lead on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Lock

from footage.archive.errors import ArchiveError, Unavailable
from footage.archive.index import BlockCommit, FootageIndex
from footage.timeline import Archive, Block, Run


@dataclass(slots=True, eq=False)
class _Waiting:
    """A caller: woken when its outcome is there, or when it is its turn to lead."""

    commit: BlockCommit
    woken: Event = field(default_factory=Event)
    outcome: Run | ArchiveError | None = None


class GroupCommit:
    """Commits blocks for many threads, at most one transaction at a time."""

    def __init__(self, index: FootageIndex) -> None:
        self._index = index
        self._lock = Lock()
        self._is_led = False
        self._waiting: list[_Waiting] = []

    def commit_block(self, archive: Archive, run: Run, block: Block, fence: int | None = None) -> Run:
        """Write one block; returns when it is committed. Raises as the index does.

        What is wrong with one block is raised to its caller alone. Where the transaction itself
        fails, all that were in it get Unavailable, and nothing of them was written.
        """
        own = _Waiting(BlockCommit(archive, run, block, fence))
        with self._lock:
            self._waiting.append(own)
            leads, self._is_led = not self._is_led, True
        if not leads:
            own.woken.wait()
        if own.outcome is None:
            self._lead()
        if isinstance(own.outcome, ArchiveError):
            raise own.outcome
        assert own.outcome is not None
        return own.outcome

    def _lead(self) -> None:
        """Write all that wait, wake them, and let the next one lead."""
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            outcomes: Sequence[Run | ArchiveError]
            outcomes = self._index.commit_blocks([one.commit for one in batch])
        except Unavailable as error:
            # An error of its own for each: a traceback belongs to one thread.
            outcomes = [_again(error) for _ in batch]
        except BaseException:
            outcomes = [Unavailable("index: the transaction was broken off") for _ in batch]
            raise
        finally:
            self._hand_over(batch, outcomes)

    def _hand_over(self, batch: Sequence[_Waiting], outcomes: Sequence[Run | ArchiveError]) -> None:
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._is_led = following is not None
        # First, so that the disk does not wait for those that are done.
        if following is not None:
            following.woken.set()
        for one, outcome in zip(batch, outcomes, strict=True):
            one.outcome = outcome
            one.woken.set()


def _again(error: Unavailable) -> Unavailable:
    again = type(error)(*error.args)
    again.__cause__ = error
    return again
