"""Storages and indexes that are full, away, slow or locked while a camera is recorded over RTSP.

The supervisor runs in the test's own process over a real camera, a real database and a real folder.
That nothing is lost is read from the numbers that the pictures carry.
"""

from __future__ import annotations

import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from footage import recorder_process
from footage.archive.cameras import Cameras
from footage.archive.index import Index, database, open_index
from footage.archive.read import Reader
from footage.archive.storage import LocalStorage, Storage
from footage.house import open_house
from footage.media.film import Shot
from footage.media.gops import TICKS_PER_SECOND
from footage.recording import recorder, supervisor
from footage.recording.host_clock import HostClock
from footage.recording.supervisor import RecordingPlan, Supervisor
from footage.settings import load
from footage.timeline import ALL_TIME, Archive, Camera, CameraStatus, Reason, State
from kit.recording import LOCAL, decoded
from kit.rtsp import FaultyCamera, Studio, studio

PATIENCE_S = 60
SEGMENT_MS = 400
DISK_BYTES = 4 << 20
MARKER = "footage-storage"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The supervisor looks more often than in earnest, and the first GOPs are held for shorter."""
    monkeypatch.setattr(supervisor, "TICK_S", 0.2)
    monkeypatch.setattr(supervisor, "_STATUS_EVERY", 1)
    monkeypatch.setattr(supervisor, "_CLOSE_S", 3.0)
    monkeypatch.setattr(recorder, "_HELD_TICKS", TICKS_PER_SECOND // 2)


@pytest.fixture(scope="module")
def at() -> Iterator[Studio]:
    with studio() as opened:
        opened.film("clock", Shot(size=(160, 120), gop=10, audio="aac"))
        yield opened


@pytest.fixture
def camera(at: Studio, request: pytest.FixtureRequest) -> FaultyCamera:
    return at.camera(request.node.name, source="clock")


class SlowStorage(LocalStorage):
    """A disk on which every write waits while it is ``slow``."""

    def __init__(self, root: Path, set_id: UUID) -> None:
        super().__init__(root, set_id)
        self.quick = threading.Event()

    def append(self, key: str, start: int, data: bytes) -> None:
        self.quick.wait(PATIENCE_S)
        super().append(key, start, data)


@dataclass
class Desk:
    """A camera that a supervisor records, and what came of it."""

    index: Index
    storage: Storage
    archive: Archive

    def status(self) -> CameraStatus | None:
        return self.index.statuses().get(self.archive.number)

    def wait(self, enough: Callable[[CameraStatus], bool]) -> CameraStatus:
        """The first status written down that is enough."""
        deadline = time.monotonic() + PATIENCE_S
        while (status := self.status()) is None or not enough(status):
            assert time.monotonic() < deadline, f"it is still {status}"
            time.sleep(0.1)
        return status

    def wait_for_segments(self, more: int) -> CameraStatus:
        before = self.status()
        wanted = (before.segments if before else 0) + more
        return self.wait(lambda status: status.state is State.RECORDING and status.segments >= wanted)

    def wait_for_trouble(self, reason: Reason) -> CameraStatus:
        return self.wait(lambda status: status.state is State.HALTED and status.reason is reason)

    def runs(self) -> list[list[int]]:
        """The numbers of the pictures, run by run, each segment decoded alone."""
        reader = Reader(self.index, self.storage)
        parts, table = reader.parts_and_segments(self.archive, ALL_TIME)
        ends = table.start_ms + table.duration_ms
        assert (table.start_ms[1:] >= ends[:-1]).all(), "segments overlap"
        found: list[list[int]] = [[] for _ in parts]
        for start_ms in table.start_ms.tolist():
            kept = reader.segment(self.archive, start_ms)
            assert kept is not None
            numbers = [picture.number for picture in decoded(kept.segment, reader.data(kept)).pictures]
            [run] = [n for n, part in enumerate(parts) if part.start_ms <= start_ms < part.end_ms]
            found[run] += numbers
        return found


@contextmanager
def recorded(
    index: Index, storage: Storage, url: str, *, queue_bytes: int = 64 << 20, sync_every_s: float | None = 0
) -> Iterator[Desk]:
    """A camera recorded by a supervisor, which ends in order at the end."""
    plan = RecordingPlan(
        segment_ms=SEGMENT_MS,
        stall_s=10,
        sync_every_s=sync_every_s,
        queue_bytes=queue_bytes,
        processes=1,
        local_sources=LOCAL,
    )
    cameras = Cameras(index, storage)
    camera = cameras.add(Camera(id=uuid4(), archive_id=uuid4(), title="Yard"), url)
    stop = threading.Event()
    run = Supervisor(index, storage, uuid4(), plan, HostClock()).run
    thread = threading.Thread(target=run, args=(stop,), name="supervisor")
    thread.start()
    try:
        yield Desk(index, storage, cameras.archive_of(camera))
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with closing(open_index(f"sqlite:///{tmp_path / 'index.db'}")) as opened:
        yield opened


def claimed(root: Path, index: Index) -> LocalStorage:
    storage = LocalStorage(root, index.set_id)
    storage.claim()
    return storage


def assert_nothing_lost(desk: Desk) -> None:
    """One run, and every picture of it from the first to the last."""
    [numbers] = desk.runs()
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def assert_counted(desk: Desk, status: CameraStatus) -> None:
    """What the counters say is what is kept."""
    _, table = Reader(desk.index, desk.storage).parts_and_segments(desk.archive, ALL_TIME)
    assert status.segments == len(table)
    assert status.recorded_ms == int(table.duration_ms.sum())
    totals = desk.index.totals(desk.archive)
    assert totals is not None
    assert status.size_bytes == totals.size_bytes
    assert status.last_segment_ms == totals.last_ms


def files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def assert_kept(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """Nothing that was there is gone; blocks may have grown."""
    assert all(after[name].startswith(data) for name, data in before.items())


class Disk:
    """A folder that can be filled to the brim, and emptied of what filled it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def fill(self) -> None:
        """Take all the room there is."""
        with suppress(OSError), (self.root / "ballast").open("ab", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))

    def make_room(self) -> None:
        (self.root / "ballast").unlink()


class ReservingDisk(Disk):
    """The same where nothing may be mounted: the reserve is as large as any disk."""

    def __init__(self, root: Path, storage: LocalStorage) -> None:
        super().__init__(root)
        self._storage = storage

    def fill(self) -> None:
        self._storage._reserve_bytes = 1 << 62

    def make_room(self) -> None:
        self._storage._reserve_bytes = 0


@contextmanager
def disk_of(root: Path, index: Index, folder: str = "") -> Iterator[tuple[Disk, LocalStorage]]:
    """A file system of its own where one may be mounted, and a storage in a folder of it."""
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(root)]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        storage = claimed(root / folder, index)
        yield Disk(root) if is_mounted else ReservingDisk(root, storage), storage
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(root)], check=True, capture_output=True)


def test_a_full_disk_halts_recording_until_there_is_room(
    tmp_path: Path, index: Index, camera: FaultyCamera
) -> None:
    with disk_of(tmp_path / "disk", index) as (disk, storage):
        with recorded(index, storage, camera.url, queue_bytes=160_000) as desk:
            desk.wait_for_segments(2)
            disk.fill()
            halted = desk.wait_for_trouble(Reason.STORAGE_FULL)
            assert halted.is_online
            before = files(disk.root)
            # What is kept can be read meanwhile, and what waits is lost only beyond the queue's bound.
            assert len(desk.runs()) == 1
            full = desk.wait(lambda status: status.segments_dropped >= 2)
            assert (full.state, full.reason) == (State.HALTED, Reason.STORAGE_FULL)
            assert full.queued
            assert files(disk.root) == before
            disk.make_room()
            desk.wait_for_segments(full.queued + 2)
            assert not list(disk.root.rglob("*.aside"))
        status = desk.status()
        assert status is not None
        assert not status.reconnects, "the camera stayed connected"
        assert status.queued == 0
        assert_counted(desk, status)
        before.pop("ballast", None)
        assert_kept(before, files(disk.root))
        runs = desk.runs()
        for numbers in runs:
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        # The dropped segments are the holes, and nothing else: more than one where a small
        # segment still had room between two large ones.
        holes = [after[0] - before[-1] - 1 for before, after in pairwise(runs)]
        assert 1 <= len(holes) <= status.segments_dropped
        assert all(lost >= 1 for lost in holes)
        a_segment = sum(map(len, runs)) / status.segments
        assert status.segments_dropped - 1 <= sum(holes) / a_segment <= status.segments_dropped + 1


def unmount(root: Path) -> None:
    """The disk is away, and its bare mount point is there."""
    root.rename(root.with_name("away"))
    root.mkdir()


def mount_again(root: Path) -> None:
    assert list(root.iterdir()) == [], "nothing was written into the bare mount point"
    root.rmdir()
    root.with_name("away").rename(root)


def lose_marker(root: Path) -> None:
    (root / MARKER).rename(root.with_name("marker"))


def find_marker(root: Path) -> None:
    root.with_name("marker").rename(root / MARKER)


def put_other_marker(root: Path) -> None:
    lose_marker(root)
    (root / MARKER).write_text(f"{uuid4()}\n")


def put_own_marker(root: Path) -> None:
    (root / MARKER).unlink()
    find_marker(root)


def test_a_storage_that_is_full_or_away_for_a_short_time_costs_nothing(
    tmp_path: Path, index: Index, camera: FaultyCamera
) -> None:
    """Invariants 2 and 3."""
    with disk_of(tmp_path / "disk", index, "footage") as (disk, storage):
        root = disk.root / "footage"
        troubles: list[tuple[Reason, Callable[[], None], Callable[[], None]]] = [
            (Reason.STORAGE_AWAY, lambda: unmount(root), lambda: mount_again(root)),
            (Reason.STORAGE_AWAY, lambda: lose_marker(root), lambda: find_marker(root)),
            (Reason.STORAGE_AWAY, lambda: put_other_marker(root), lambda: put_own_marker(root)),
            (Reason.STORAGE_FULL, disk.fill, disk.make_room),
        ]
        with recorded(index, storage, camera.url) as desk:
            for reason, begin, end in troubles:
                desk.wait_for_segments(1)
                before = files(root)
                begin()
                halted = desk.wait_for_trouble(reason)
                assert halted.is_online
                assert halted.queued
                end()
                status = desk.wait_for_segments(halted.queued + 1)
                assert (status.segments_dropped, status.reason) == (0, None)
                assert_kept(before, files(root))
        assert_nothing_lost(desk)


def test_what_waits_is_written_when_the_storage_comes_back_at_the_very_end(
    tmp_path: Path, index: Index, camera: FaultyCamera
) -> None:
    root = tmp_path / "footage"
    with recorded(index, claimed(root, index), camera.url) as desk:
        desk.wait_for_segments(1)
        unmount(root)
        desk.wait(lambda status: status.queued >= 2)
        mount_again(root)
    status = desk.status()
    assert status is not None
    assert status.queued == 0
    assert_counted(desk, status)
    assert_nothing_lost(desk)


def test_a_storage_that_stays_away_does_not_hold_up_the_end(
    tmp_path: Path, index: Index, camera: FaultyCamera
) -> None:
    root = tmp_path / "footage"
    with recorded(index, claimed(root, index), camera.url) as desk:
        desk.wait_for_segments(1)
        unmount(root)
        desk.wait_for_trouble(Reason.STORAGE_AWAY)
    mount_again(root)
    [camera_now] = index.to_record()
    assert camera_now.holder is None
    assert_nothing_lost(desk)


def test_a_slow_disk_fills_the_queue_to_its_bound_and_no_further(
    tmp_path: Path, index: Index, camera: FaultyCamera
) -> None:
    bound = 160_000
    storage = SlowStorage(tmp_path / "footage", index.set_id)
    storage.claim()
    storage.quick.set()
    with recorded(index, storage, camera.url, queue_bytes=bound) as desk:
        one = desk.wait_for_segments(2)
        storage.quick.clear()
        slow = desk.wait(lambda status: status.segments_dropped >= 2)
        assert (slow.state, slow.reason) == (State.HALTED, Reason.STORAGE_SLOW)
        assert slow.is_online
        assert 1 <= slow.queued <= 2 * bound * one.segments / one.size_bytes
        storage.quick.set()
        desk.wait_for_segments(slow.queued + 2)
    status = desk.status()
    assert status is not None
    assert (status.queued, dict(status.reconnects)) == (0, {})
    assert_counted(desk, status)
    runs = desk.runs()
    assert len(runs) >= 2
    for numbers in runs:
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert all(later[0] > earlier[-1] + 1 for earlier, later in pairwise(runs))


def test_an_index_that_another_writer_locks_for_seconds_costs_nothing(
    tmp_path: Path, index: Index, camera: FaultyCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both where a commit still waits for the lock, and where it gives up and is tried again."""
    with recorded(index, claimed(tmp_path / "footage", index), camera.url) as desk:
        for patience_ms in (10_000, 300):
            monkeypatch.setattr(database, "_BUSY_TIMEOUT_MS", patience_ms)
            desk.wait_for_segments(1)
            with closing(sqlite3.connect(tmp_path / "index.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                # As long as some segments take.
                time.sleep(1.5)
                other.execute("ROLLBACK")
            status = desk.wait_for_segments(4)
            assert (status.segments_dropped, status.reason) == (0, None)
    assert_nothing_lost(desk)


def test_footage_is_synced_as_often_as_the_setting_says(
    tmp_path: Path, at: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: Counter[Path] = Counter()
    real = LocalStorage.sync

    def counting(storage: LocalStorage, key: str) -> None:
        synced[storage._root] += 1
        real(storage, key)

    monkeypatch.setattr(LocalStorage, "sync", counting)
    stack_size = threading.stack_size()
    segments: dict[str, int] = {}
    with ExitStack() as stack:
        for policy in ("0", "3600", "never"):
            settings = load(
                data_dir=tmp_path / policy,
                sync_every_s=policy,
                segment_ms=1000,
                recorders=1,
                local_sources=LOCAL,
            )
            house = open_house(settings)
            stack.callback(house.close)
            url = at.camera(f"sync-{policy}", source="clock").url
            camera = house.cameras.add(Camera(id=uuid4(), archive_id=uuid4(), title=policy), url)
            stop = threading.Event()
            thread = threading.Thread(target=recorder_process.run, args=(settings, stop, HostClock()))
            thread.start()
            desk = Desk(house.index, house.storage, house.cameras.archive_of(camera))

            def end(
                desk: Desk = desk,
                stop: threading.Event = stop,
                thread: threading.Thread = thread,
                policy: str = policy,
            ) -> None:
                stop.set()
                thread.join()
                status = desk.status()
                segments[policy] = 0 if status is None else status.segments

            stack.callback(end)
            stack.callback(desk.wait_for_segments, 3)
    threading.stack_size(stack_size)
    times = {policy: synced[tmp_path / policy / "footage"] for policy in segments}
    assert min(segments.values()) >= 3
    # Before every row; else when a block or the run ends, a block being a minute; or never.
    assert times["0"] >= segments["0"]
    assert 1 <= times["3600"] < segments["3600"]
    assert times["never"] == 0
