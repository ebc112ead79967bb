"""Recorder processes that share cameras, die, freeze, wake up, join and leave (invariant 8)."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from footage.archive.index import SqlIndex
from footage.house import House, open_house
from footage.media.film import Shot
from footage.recording.host_clock import HostClock
from footage.recording.supervisor import RecordingPlan, Supervisor
from footage.settings import as_environment, load
from footage.timeline import ALL_TIME, Archive, Camera
from kit.archive import Shelf
from kit.recording import LOCAL, decoded
from kit.rtsp import Studio, studio

PATIENCE_S = 60
CAMERAS = 4


@pytest.fixture(scope="module")
def at() -> Iterator[Studio]:
    with studio() as opened:
        opened.film("clock", Shot(size=(160, 120), gop=10, audio="aac"))
        yield opened


@dataclass
class RecorderProcess:
    """``python -m footage.recorder_process`` with a parent that lives until ``orphan``."""

    process: subprocess.Popen[bytes]
    log: Path

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def freeze(self, index: Path) -> None:
        """It stands still, but not in the midst of writing, where it would hold everybody up."""
        with closing(sqlite3.connect(index, isolation_level=None, timeout=1.0)) as connection:
            while True:
                self.send(signal.SIGSTOP)
                try:
                    connection.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    self.send(signal.SIGCONT)
                    time.sleep(0.1)
                else:
                    connection.execute("ROLLBACK")
                    return

    def end(self) -> int:
        """SIGTERM, and the exit code."""
        self.send(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def orphan(self) -> int:
        """Its parent is gone."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE_S)


@dataclass
class Group:
    """Four cameras in a house, and recorder processes over it."""

    house: House
    shelves: list[Shelf]
    stack: ExitStack = field(repr=False)

    def start(self) -> RecorderProcess:
        """One more recorder, which is up when it beats."""
        data = self.house.settings.data_dir
        log = data / f"recorder-{uuid4()}.log"
        before = self.house.index.beats()
        with log.open("wb") as log_file:
            process = subprocess.Popen(
                [sys.executable, "-m", "footage.recorder_process"],
                env={**os.environ, **as_environment(self.house.settings)},
                stdin=subprocess.PIPE,
                stderr=log_file,
            )
        started = RecorderProcess(process, log)
        self.stack.callback(_clean_up, process)
        self.wait(lambda: bool(_risen(before, self.house.index.beats())))
        return started

    def holders(self) -> Counter[UUID | None]:
        return Counter(camera.holder for camera in self.house.index.to_record())

    def wait(self, enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not enough():
            assert time.monotonic() < deadline, self.holders()
            time.sleep(0.1)

    def wait_for_shares(self, *shares: int) -> None:
        """Until so many recorders hold so many cameras each, and none is held by nobody."""

        def shared() -> bool:
            holders = self.holders()
            return None not in holders and sorted(holders.values()) == sorted(shares)

        self.wait(shared)

    def wait_for_segments(self, more: int = 1) -> None:
        """Until every camera has so many segments more than now."""
        before = [self.segments(shelf) for shelf in self.shelves]
        self.wait(
            lambda: all(
                self.segments(shelf) >= count + more
                for shelf, count in zip(self.shelves, before, strict=True)
            )
        )

    def segments(self, shelf: Shelf) -> int:
        _, table = shelf.reader.parts_and_segments(shelf.archive, ALL_TIME)
        return len(table)

    def assert_sound(self) -> None:
        """Every row has its bytes, every segment decodes alone, none overlap, none has a hole."""
        for shelf in self.shelves:
            reader, archive = shelf.reader, shelf.archive
            parts, table = reader.parts_and_segments(archive, ALL_TIME)
            ends = table.start_ms + table.duration_ms
            assert (table.start_ms[1:] >= ends[:-1]).all()
            seen: list[int] = []
            for part in parts:
                numbers: list[int] = []
                for start_ms in table.start_ms.tolist():
                    if part.start_ms <= start_ms < part.end_ms:
                        kept = reader.segment(archive, start_ms)
                        assert kept is not None
                        pictures = decoded(kept.segment, reader.data(kept)).pictures
                        numbers += [picture.number for picture in pictures]
                assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
                assert not seen or numbers[0] > seen[-1], "a picture was recorded twice"
                seen += numbers


def _clean_up(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _risen(before: dict[UUID, int], after: dict[UUID, int]) -> set[UUID]:
    return {recorder for recorder, beat in after.items() if beat != before.get(recorder)}


@contextmanager
def grouped(data: Path, at: Studio, *, recorders: int) -> Iterator[Group]:
    house = open_house(load(data_dir=data, segment_ms=1000, recorders=recorders, local_sources=LOCAL))
    with ExitStack() as stack:
        stack.callback(house.close)
        shelves = []
        for number in range(CAMERAS):
            url = at.camera(f"{data.name}-{number}", source="clock").url
            camera = house.cameras.add(Camera(id=uuid4(), archive_id=uuid4(), title=str(number)), url)
            shelves.append(Shelf(house, camera, house.cameras.archive_of(camera)))
        yield Group(house, shelves, stack)


def test_a_recorder_that_freezes_is_replaced_and_refused_when_it_wakes_up(
    tmp_path: Path, at: Studio
) -> None:
    with grouped(tmp_path, at, recorders=2) as group:
        first, second = group.start(), group.start()
        group.wait_for_shares(2, 2)
        group.wait_for_segments()
        fences = {camera.archive.number: camera.fence for camera in group.house.index.to_record()}
        second.freeze(tmp_path / "index.db")
        group.wait_for_shares(4)
        taken_over = [c for c in group.house.index.to_record() if c.fence > fences[c.archive.number]]
        assert len(taken_over) == 2
        group.wait_for_segments()
        second.send(signal.SIGCONT)
        group.wait_for_shares(2, 2)
        group.wait_for_segments()
        # It gave its cameras up, and took a share again in the usual way.
        assert all(
            camera.fence > taken.fence
            for taken in taken_over
            for camera in group.house.index.to_record()
            if camera.archive == taken.archive and camera.holder != taken.holder
        )
        assert "camera.given_up" in second.log.read_text(), "what it still had was refused"
        assert first.end() == second.end() == 0
        assert set(group.holders()) == {None}
        group.assert_sound()


def test_cameras_of_a_recorder_that_is_gone_for_good_go_on_with_the_other(
    tmp_path: Path, at: Studio
) -> None:
    with grouped(tmp_path, at, recorders=2) as group:
        first, second = group.start(), group.start()
        group.wait_for_shares(2, 2)
        group.wait_for_segments()
        second.kill()
        group.wait_for_shares(4)
        group.wait_for_segments()
        # Another one takes the name that is free, and its share.
        third = group.start()
        group.wait_for_shares(2, 2)
        assert len(group.house.index.beats()) == 2
        assert first.end() == 0
        group.wait_for_shares(4)
        group.wait_for_segments()
        # A recorder whose parent is gone ends in order as well.
        assert third.orphan() == 0
        assert set(group.holders()) == {None}
        assert group.house.index.beats() == {}
        group.assert_sound()


class Busy(SqlIndex):
    """The real index on a machine where whatever is started takes a second; ``now`` is its time."""

    now: float
    beat_at: list[float]

    def claim(self, archive: Archive, recorder_id: UUID, fence: int) -> int | None:
        self.now += 1.0
        return super().claim(archive, recorder_id, fence)

    def beat(self, recorder_id: UUID) -> None:
        self.beat_at.append(self.now)
        super().beat(recorder_id)


def test_a_recorder_that_takes_many_cameras_says_meanwhile_that_it_is_alive(tmp_path: Path) -> None:
    """Or others would take them over from it, start them anew, and be as busy."""
    house = open_house(load(data_dir=tmp_path / "data"))
    for number in range(20):
        camera = Camera(id=uuid4(), archive_id=uuid4(), title=f"Camera {number}")
        house.cameras.add(camera, "rtsp://127.0.0.1:9/nobody")
    index = Busy(house.index._engine)
    index.now, index.beat_at = 0.0, []
    plan = RecordingPlan(
        segment_ms=6000, stall_s=10, sync_every_s=0, queue_bytes=1 << 20, processes=1, local_sources=LOCAL
    )
    me = uuid4()
    supervisor = Supervisor(index, house.storage, me, plan, HostClock(lambda: index.now))
    for _ in range(25):
        supervisor.tick()
    assert {camera.holder for camera in index.to_record()} == {me}
    assert max(later - earlier for earlier, later in pairwise(index.beat_at)) < 3
    supervisor.close()
    house.close()
