"""Segments on their way to a storage that is slow, full or away, and to one that somebody else took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event

import pytest

from footage.archive.commit import RunWriter
from footage.archive.errors import (
    ArchiveError,
    Full,
    LeaseLost,
    MissingBytes,
    Unavailable,
    UnknownCamera,
    UnknownRun,
    WrongStorage,
)
from footage.recording.lane import Cut, Lane, Writers
from footage.timeline import ALL_TIME, CameraStatus, Codecs, Reason, Segment, State
from kit.archive import CODECS, OTHER_CODECS, START_MS, Shelf

SECOND_MS = 1000
SIZE_BYTES = 1880
PATIENCE_S = 10


class Storage:
    """What stands between the lane and a real archive: it fails as it is told to, and can be held up."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.error: ArchiveError | Exception | None = None
        self.gate = Event()
        self.gate.set()
        self.opened = 0
        self.tries = 0

    def open_run(self, codecs: Codecs) -> RunWriter:
        self.opened += 1
        return _Writer(self, self._shelf, codecs)


class _Writer(RunWriter):
    def __init__(self, storage: Storage, shelf: Shelf, codecs: Codecs) -> None:
        super().__init__(shelf.house.index, shelf.house.storage, shelf.archive, codecs)
        self._told = storage

    def commit(self) -> None:
        if self._pending:
            assert self._told.gate.wait(PATIENCE_S)
            self._told.tries += 1
            if self._told.error is not None:
                raise self._told.error
        super().commit()


@dataclass
class Yard:
    """A lane over a shelf."""

    shelf: Shelf
    storage: Storage
    writers: Writers
    lane: Lane
    _at_ms: int = field(default=START_MS)

    def cut(self, *, begins_run: bool = False, codecs: Codecs = CODECS, skip_ms: int = 0) -> Cut:
        """The next segment of a second."""
        start_ms = self._at_ms + skip_ms
        self._at_ms = start_ms + SECOND_MS
        data = bytes([start_ms // SECOND_MS % 251]) * SIZE_BYTES
        return Cut(Segment(start_ms, SECOND_MS, SIZE_BYTES, 0, ()), data, codecs, begins_run)

    def put(self, count: int = 1) -> list[bool]:
        return [self.lane.put(self.cut()) for _ in range(count)]

    def wait(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def kept(self) -> list[tuple[int, int]]:
        """Start and length of each run, in seconds after the first moment."""
        parts = self.shelf.reader.parts(self.shelf.archive, ALL_TIME)
        return [
            ((part.start_ms - START_MS) // SECOND_MS, (part.end_ms - part.start_ms) // SECOND_MS)
            for part in parts
        ]


@pytest.fixture
def yard(shelf: Shelf) -> Iterator[Yard]:
    storage = Storage(shelf)
    writers = Writers(threads=2, queue_bytes=4 * SIZE_BYTES)
    yield Yard(shelf, storage, writers, Lane(writers, storage.open_run, camera="entrance"))
    storage.gate.set()
    writers.close()


class TestWriting:
    def test_segments_are_written_in_order_as_one_run(self, yard: Yard) -> None:
        for _ in range(10):
            yard.wait(lambda: yard.lane.queued < 4)
            assert yard.put() == [True]
        assert yard.lane.drain(PATIENCE_S)
        assert yard.kept() == [(0, 10)]
        assert yard.storage.opened == 1
        lane = yard.lane
        assert (lane.segments, lane.segments_dropped, lane.queued) == (10, 0, 0)
        assert (lane.recorded_ms, lane.size_bytes) == (10 * SECOND_MS, 10 * SIZE_BYTES)
        assert lane.last_segment_ms == START_MS + 10 * SECOND_MS

    def test_a_run_begins_where_it_is_said(self, yard: Yard) -> None:
        yard.put(2)
        yard.lane.put(yard.cut(begins_run=True, codecs=OTHER_CODECS))
        assert yard.lane.drain(PATIENCE_S)
        assert yard.kept() == [(0, 2), (2, 1)]
        runs = yard.shelf.reader.parts(yard.shelf.archive, ALL_TIME)
        assert [part.run.codecs for part in runs] == [CODECS, OTHER_CODECS]

    def test_a_hole_begins_a_run_by_itself(self, yard: Yard) -> None:
        yard.put(2)
        yard.lane.put(yard.cut(skip_ms=3 * SECOND_MS))
        assert yard.lane.drain(PATIENCE_S)
        assert yard.kept() == [(0, 2), (5, 1)]

    def test_counters_go_on_from_those_before(self, yard: Yard) -> None:
        before = CameraStatus(
            state=State.RECORDING,
            since_ms=0,
            updated_ms=0,
            segments=100,
            segments_dropped=3,
            size_bytes=5000,
            recorded_ms=600_000,
            last_segment_ms=START_MS - 1,
        )
        lane = Lane(yard.writers, yard.storage.open_run, camera="entrance", before=before)
        assert lane.last_segment_ms == START_MS - 1
        lane.put(yard.cut())
        assert lane.drain(PATIENCE_S)
        assert (lane.segments, lane.segments_dropped) == (101, 3)
        assert (lane.size_bytes, lane.recorded_ms) == (5000 + SIZE_BYTES, 600_000 + SECOND_MS)


class TestTrouble:
    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (Full("no room"), Reason.STORAGE_FULL),
            (Unavailable("away"), Reason.STORAGE_AWAY),
            (WrongStorage("another one"), Reason.STORAGE_AWAY),
        ],
    )
    def test_what_cannot_be_written_now_waits_and_is_not_lost(
        self, yard: Yard, error: ArchiveError, reason: Reason
    ) -> None:
        yard.storage.error = error
        assert yard.put(3) == [True] * 3
        yard.wait(lambda: yard.lane.trouble is not None)
        assert yard.lane.trouble == (reason, str(error))
        yard.storage.error = None
        yard.wait(lambda: _retried(yard.lane))
        assert yard.lane.drain(PATIENCE_S)
        assert yard.kept() == [(0, 3)]
        assert yard.lane.segments_dropped == 0

    def test_the_end_is_one_more_try(self, yard: Yard) -> None:
        yard.storage.error = Full("no room")
        yard.put(2)
        yard.wait(lambda: yard.lane.trouble is not None)
        yard.storage.error = None
        assert yard.lane.drain(PATIENCE_S)
        assert yard.kept() == [(0, 2)]

    def test_it_is_tried_again_when_told_to_and_not_before(self, yard: Yard) -> None:
        yard.storage.error = Full("no room")
        yard.put(2)
        yard.wait(lambda: yard.storage.tries == 1)
        yard.put()
        time.sleep(0.1)
        assert yard.storage.tries == 1
        yard.lane.retry()
        yard.wait(lambda: yard.storage.tries == 2)
        yard.storage.error = None
        yard.wait(lambda: _retried(yard.lane))
        assert yard.lane.drain(PATIENCE_S)
        assert yard.kept() == [(0, 3)]
        assert yard.lane.trouble is None

    def test_beyond_the_bound_the_newest_is_dropped_and_counted(self, yard: Yard) -> None:
        yard.storage.gate.clear()
        assert yard.put(6) == [True] * 4 + [False] * 2
        assert yard.lane.segments_dropped == 2
        assert yard.lane.trouble is not None
        assert yard.lane.trouble[0] is Reason.STORAGE_SLOW
        yard.storage.gate.set()
        yard.wait(lambda: yard.lane.queued == 0)
        assert yard.lane.trouble is None
        yard.put()
        assert yard.lane.drain(PATIENCE_S)
        assert yard.kept() == [(0, 4), (6, 1)]

    def test_a_slow_lane_takes_the_memory_of_all_and_gives_it_back(self, yard: Yard) -> None:
        other = Lane(yard.writers, yard.storage.open_run, camera="yard")
        yard.storage.gate.clear()
        yard.put(4)
        assert not other.put(yard.cut())
        yard.storage.gate.set()
        yard.wait(lambda: yard.lane.queued == 0)
        assert yard.put(4) == [True] * 4
        assert yard.lane.drain(PATIENCE_S)

    def test_a_lane_that_gives_up_leaves_its_memory_to_the_others(self, yard: Yard) -> None:
        yard.storage.error = Full("no room")
        yard.put(4)
        yard.wait(lambda: yard.lane.trouble is not None)
        assert not yard.lane.drain(0.05)
        yard.wait(lambda: yard.lane.queued == 0)
        assert yard.lane.segments_dropped == 4
        yard.storage.error = None
        other = Lane(yard.writers, yard.storage.open_run, camera="yard")
        assert [other.put(yard.cut()) for _ in range(4)] == [True] * 4
        assert other.drain(PATIENCE_S)


class TestTheEnd:
    @pytest.mark.parametrize("error", [LeaseLost("another one has it"), UnknownCamera("no such camera")])
    def test_who_lost_the_archive_writes_no_more(self, yard: Yard, error: ArchiveError) -> None:
        yard.storage.error = error
        yard.put(2)
        yard.wait(lambda: yard.lane.queued == 0)
        yard.storage.error = None
        assert yard.lane.is_over
        assert yard.put() == [False]
        assert yard.lane.drain(PATIENCE_S)
        assert yard.lane.segments_dropped == 3
        assert yard.kept() == []

    def test_a_run_that_was_removed_by_hand_is_followed_by_another(self, yard: Yard) -> None:
        yard.put()
        yard.wait(lambda: yard.lane.queued == 0)
        yard.storage.gate.clear()
        yard.storage.error = UnknownRun("removed")
        yard.put()
        yard.wait(lambda: yard.lane.queued == 1)
        real = yard.storage.open_run

        def healed(codecs: Codecs) -> RunWriter:
            yard.storage.error = None
            return real(codecs)

        yard.lane._open_run = healed
        yard.storage.gate.set()
        assert yard.lane.drain(PATIENCE_S)
        assert yard.lane.segments == 2
        assert yard.kept() == [(0, 1), (1, 1)]

    @pytest.mark.parametrize("error", [MissingBytes("gone"), ValueError("a fault of ours")])
    def test_a_segment_that_cannot_be_kept_holds_up_no_other(self, yard: Yard, error: Exception) -> None:
        yard.storage.error = error
        yard.put()
        yard.wait(lambda: yard.lane.queued == 0)
        yard.storage.error = None
        yard.put(2)
        assert yard.lane.drain(PATIENCE_S)
        assert (yard.lane.segments, yard.lane.segments_dropped) == (2, 1)
        assert yard.kept() == [(1, 2)]

    def test_a_lane_without_segments_ends_at_once(self, yard: Yard) -> None:
        assert yard.lane.drain(0)
        assert yard.kept() == []


def _retried(lane: Lane) -> bool:
    lane.retry()
    return lane.queued == 0


def test_a_lane_that_is_halted_takes_nothing_until_it_goes_on(yard: Yard) -> None:
    assert yard.put() == [True]
    yard.lane.halt("all is locked")
    assert yard.lane.trouble == (Reason.STORAGE_LOCKED, "all is locked")
    assert yard.put(2) == [False, False]
    assert yard.lane.segments_dropped == 2
    # What came before is written, and it is still said that nothing more is.
    assert yard.lane.drain(PATIENCE_S)
    yard.put()
    assert yard.lane.trouble == (Reason.STORAGE_LOCKED, "all is locked")
    yard.lane.halt(None)
    assert yard.lane.trouble is None
    assert yard.put() == [True]
    assert yard.lane.drain(PATIENCE_S)
    assert (yard.lane.segments, yard.lane.segments_dropped) == (2, 3)
