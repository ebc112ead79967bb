"""Rows of many threads in few transactions: nothing is lost, and errors reach whom they concern."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Barrier, Event, Thread
from uuid import uuid4

import pytest

from footage.archive.errors import ArchiveError, Full, LeaseLost, Overlap, Unavailable
from footage.archive.group_commit import GroupCommit
from footage.archive.index import BlockCommit, SqlIndex, open_index
from footage.timeline import ALL_TIME, Archive, Block, Camera, Codecs, Keyframe, Run, Segment

CODECS = Codecs("h264", 640, 360, None, 0, 0, "one")
T = 1_790_000_000_000


class Gated(SqlIndex):
    """The real index, whose transactions wait at a gate and are counted."""

    gate: Event
    arrived: Event
    batches: list[int]
    fails: list[BaseException | None]

    def commit_blocks(self, commits: Sequence[BlockCommit]) -> list[Run | ArchiveError]:
        self.batches.append(len(commits))
        self.arrived.set()
        assert self.gate.wait(60)
        failure = self.fails.pop(0) if self.fails else None
        if failure is not None:
            raise failure
        return super().commit_blocks(commits)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Gated]:
    """An index whose gate stands open."""
    with closing(open_index(f"sqlite:///{tmp_path / 'index.db'}")) as opened:
        gated = Gated(opened._engine)
        gated.gate, gated.arrived, gated.batches, gated.fails = Event(), Event(), [], []
        gated.gate.set()
        yield gated


def archives(index: SqlIndex, count: int) -> list[Archive]:
    found = []
    for _ in range(count):
        camera = Camera(id=uuid4(), archive_id=uuid4(), title="Yard")
        index.add_camera(camera, None)
        archive = index.archive(camera.archive_id)
        assert archive is not None
        found.append(archive)
    return found


def block_of(count: int, start_ms: int = T) -> Block:
    segments = (Segment(start_ms + n * 6000, 6000, 376, n, (Keyframe(0, 0, 188),)) for n in range(count))
    return Block(start_ms, 0, tuple(segments))


def write(
    commits: GroupCommit, archive: Archive, block: Block, run: Run | None = None, fence: int | None = None
) -> Run:
    run = (run or Run(0, block.start_ms, 0, 0, 0, CODECS))._replace(
        end_ms=block.end_ms, bytes_to=block.bytes_to
    )
    return commits.commit_block(archive, run, block, fence)


def starts(index: SqlIndex, archive: Archive) -> list[int]:
    with index.snapshot() as snapshot:
        found: list[int] = snapshot.segments(archive, ALL_TIME).start_ms.tolist()
        return found


class Caller(Thread):
    """A call in a thread, and what came of it."""

    def __init__(self, call: Callable[[], Run]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.answer: Run | None = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.answer = self._call()
        except BaseException as error:  # noqa: BLE001 looked at by the test
            self.error = error

    def outcome(self) -> type:
        """Run, or the error's type."""
        self.join(60)
        assert not self.is_alive()
        return Run if self.error is None else type(self.error)


def queued(index: Gated, commits: GroupCommit, calls: Sequence[Callable[[], Run]]) -> list[Caller]:
    """The first call stands at the gate, the others wait behind it, in this order."""
    index.gate.clear()
    index.arrived.clear()
    callers = [Caller(calls[0])]
    assert index.arrived.wait(60)
    for place, call in enumerate(calls[1:], 1):
        callers.append(Caller(call))
        deadline = time.monotonic() + 60
        while len(commits._waiting) < place and time.monotonic() < deadline:
            time.sleep(0.001)
    return callers


def test_one_caller_is_written_at_once(index: Gated) -> None:
    commits = GroupCommit(index)
    [archive] = archives(index, 1)
    run = write(commits, archive, block_of(1))
    assert run.id > 0
    grown = write(commits, archive, block_of(2), run)
    assert grown.id == run.id
    assert starts(index, archive) == [T, T + 6000]
    assert index.batches == [1, 1]


def test_who_comes_meanwhile_is_written_together(index: Gated) -> None:
    commits = GroupCommit(index)
    wanted = archives(index, 9)
    callers = queued(index, commits, [partial(write, commits, a, block_of(1)) for a in wanted])
    index.gate.set()
    assert [caller.outcome() for caller in callers] == [Run] * 9
    assert index.batches == [1, 8]
    for archive, caller in zip(wanted, callers, strict=True):
        with index.snapshot() as snapshot:
            assert snapshot.runs(archive, ALL_TIME) == [caller.answer]


def test_an_error_reaches_its_caller_alone(index: Gated) -> None:
    commits = GroupCommit(index)
    first, good, taken, lost = archives(index, 4)
    write(commits, taken, block_of(1))
    calls = [
        lambda: write(commits, first, block_of(1)),
        lambda: write(commits, taken, block_of(1)),
        lambda: write(commits, good, block_of(1)),
        lambda: write(commits, lost, block_of(1), fence=3),
    ]
    callers = queued(index, commits, calls)
    index.gate.set()
    assert [caller.outcome() for caller in callers] == [Run, Overlap, Run, LeaseLost]
    assert starts(index, good) == [T]


@pytest.mark.parametrize("kind", [Unavailable, Full])
def test_an_error_of_the_transaction_reaches_all_that_were_in_it(
    index: Gated, kind: type[Unavailable]
) -> None:
    commits = GroupCommit(index)
    wanted = archives(index, 4)
    callers = queued(index, commits, [partial(write, commits, a, block_of(1)) for a in wanted])
    # The first is in a transaction of its own.
    index.fails = [None, kind("index: away")]
    index.gate.set()
    assert [caller.outcome() for caller in callers] == [Run, kind, kind, kind]
    errors = [caller.error for caller in callers[1:]]
    assert [str(error) for error in errors] == ["index: away"] * 3
    assert len({id(error) for error in errors}) == 3
    # And it goes on afterwards.
    for archive, caller in zip(wanted, callers, strict=True):
        if caller.error:
            assert starts(index, archive) == []
            write(commits, archive, block_of(1))
        assert starts(index, archive) == [T]


def test_a_fault_in_the_leader_leaves_nobody_waiting(index: Gated) -> None:
    commits = GroupCommit(index)
    wanted = archives(index, 3)
    callers = queued(index, commits, [partial(write, commits, a, block_of(1)) for a in wanted])
    index.fails = [None, ValueError("a fault")]
    index.gate.set()
    # Whoever leads gets the fault, the other is told to try again.
    assert [caller.outcome() for caller in callers] == [Run, ValueError, Unavailable]
    for archive in wanted[1:]:
        assert write(commits, archive, block_of(1)).id > 0


def test_many_threads_lose_nothing_and_share_transactions(index: Gated) -> None:
    commits = GroupCommit(index)
    threads, segments = 12, 25
    wanted = archives(index, threads)
    barrier = Barrier(threads)

    def record(archive: Archive) -> Run:
        barrier.wait(60)
        run = None
        for number in range(segments):
            run = write(commits, archive, block_of(number + 1), run)
        assert run is not None
        return run

    callers = [Caller(partial(record, a)) for a in wanted]
    assert [caller.outcome() for caller in callers] == [Run] * threads
    for archive, caller in zip(wanted, callers, strict=True):
        assert starts(index, archive) == [T + n * 6000 for n in range(segments)]
        with index.snapshot() as snapshot:
            assert snapshot.runs(archive, ALL_TIME) == [caller.answer]
    assert sum(index.batches) == threads * segments
    assert len(index.batches) < threads * segments


def test_a_refused_block_can_be_committed_when_its_reason_is_gone(index: Gated) -> None:
    commits = GroupCommit(index)
    [archive] = archives(index, 1)
    with pytest.raises(LeaseLost):
        write(commits, archive, block_of(1), fence=1)
    fence = index.claim(archive, uuid4(), 0)
    assert write(commits, archive, block_of(1), fence=fence).id > 0
