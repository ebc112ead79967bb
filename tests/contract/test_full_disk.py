"""A disk that is full: it is said so, nothing is torn or lost, and it goes on when there is room."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from footage.archive.commit import RunWriter
from footage.archive.errors import Full
from footage.archive.index import open_index
from footage.archive.read import Reader
from footage.archive.storage import LocalStorage, block_key
from footage.timeline import ALL_TIME, Archive, Camera, Codecs, Keyframe, Segment

ARCHIVE = UUID("11111111-1111-4111-8111-111111111111")
T = 1_790_000_000_000
KEY, LATER = block_key(ARCHIVE, T), block_key(ARCHIVE, T + 60_000)
DISK_BYTES = 2 << 20
CODECS = Codecs("h264", 640, 360, None, 0, 0, "one")


@dataclass(frozen=True)
class Disk:
    """A folder with room for two megabytes, until ``make_room``."""

    root: Path
    make_room: Callable[[], object]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A file system of its own; where none may be mounted, files that may not grow."""
    root = tmp_path / "disk"
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(root)]
    if subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        more = ["mount", "-o", f"remount,size={8 * DISK_BYTES}", str(root)]
        try:
            yield Disk(root, lambda: subprocess.run(more, check=True, capture_output=True))
        finally:
            subprocess.run(["umount", "--lazy", str(root)], check=True, capture_output=True)
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, before[1]))
    try:
        yield Disk(root, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files(root: Path) -> dict[str, bytes]:
    """What lies there, but for the marker."""
    found = (path for path in root.rglob("*") if path.is_file() and path.name != "footage-storage")
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def opened(disk: Disk, *, reserve_bytes: int = 0) -> LocalStorage:
    storage = LocalStorage(disk.root, uuid4(), reserve_bytes=reserve_bytes)
    storage.claim()
    return storage


def test_an_export_that_finds_no_room_leaves_nothing(disk: Disk) -> None:
    storage = opened(disk)
    with storage.exports.draft("a-1.mp4") as draft, pytest.raises(Full):
        draft.write(bytes(DISK_BYTES + 1), 0)
    assert files(disk.root) == {}
    storage.append(KEY, 0, b"footage goes on")


def test_a_write_that_finds_no_room_half_way_leaves_nothing_of_its_own(disk: Disk) -> None:
    storage = opened(disk)
    promised = bytes(range(256)) * 4000
    storage.append(KEY, 0, promised)
    with pytest.raises(Full):
        storage.append(KEY, len(promised), b"x" * DISK_BYTES)
    assert files(disk.root) == {KEY: promised}
    # What still fits finds nothing that it would have to set aside.
    storage.append(KEY, len(promised), b"small")
    storage.sync(KEY)
    assert files(disk.root) == {KEY: promised + b"small"}


def test_a_block_that_finds_no_room_at_all_is_not_there(disk: Disk) -> None:
    storage = opened(disk)
    with pytest.raises(Full):
        storage.append(KEY, 0, b"x" * (DISK_BYTES + 1))
    assert storage.size(KEY) is None
    assert files(disk.root) == {}
    disk.make_room()
    storage.append(KEY, 0, b"x" * (DISK_BYTES + 1))
    assert storage.size(KEY) == DISK_BYTES + 1


def test_leftovers_are_not_lost_where_there_is_no_room_to_set_them_aside(disk: Disk) -> None:
    """Invariant 2."""
    storage = opened(disk)
    leftovers = b"left over" * (DISK_BYTES // 12)
    storage.append(KEY, 0, leftovers)
    fill = b"f" * (DISK_BYTES // 8)
    filled = 0
    while True:
        try:
            storage.append(LATER, filled, fill)
        except Full:
            break
        filled += len(fill)
    with pytest.raises(Full):
        storage.append(KEY, 0, b"other bytes" * (DISK_BYTES // 6))
    # Where they are, or aside where there was room for a copy: never thrown away.
    assert leftovers in files(disk.root).values()
    assert files(disk.root)[LATER] == fill * (filled // len(fill))
    # The very same bytes are welcome still.
    storage.append(KEY, 0, leftovers)
    assert files(disk.root)[KEY] == leftovers


def test_a_reserve_stays_free(tmp_path: Path) -> None:
    plenty = LocalStorage(tmp_path / "footage", uuid4(), reserve_bytes=1)
    plenty.claim()
    plenty.append(KEY, 0, b"data")
    # No disk has as much.
    greedy = LocalStorage(tmp_path / "greedy", uuid4(), reserve_bytes=1 << 62)
    greedy.claim()
    with pytest.raises(Full, match="must stay free"):
        greedy.append(KEY, 0, b"data")
    assert files(tmp_path / "greedy") == {}
    assert list(greedy.list()) == []
    rooms = plenty.room(), greedy.room()
    assert rooms[0].free_bytes > rooms[1].free_bytes == 0
    assert rooms[0].total_bytes == rooms[1].total_bytes
    # What is there can be read and removed.
    plenty.delete(KEY)
    greedy.delete(KEY)


def segment(number: int) -> tuple[Segment, bytes]:
    data = bytes([number % 251]) * 100_000
    return Segment(T + number * 6000, 6000, len(data), number, (Keyframe(0, 0, 188),)), data


def fill(writer: RunWriter, first: int) -> int:
    """Record until the disk is full; how many segments are committed by then."""
    for number in range(first, first + 1000):
        try:
            writer.add(*segment(number))
            writer.commit()
        except Full:
            return number
    raise AssertionError("the disk is not full")


def test_recording_stops_where_the_disk_is_full_and_goes_on_where_there_is_room(disk: Disk) -> None:
    """Invariants 1 and 2."""
    index_folder = disk.root.parent
    with closing(open_index(f"sqlite:///{index_folder / 'index.db'}")) as index:
        camera = Camera(id=uuid4(), archive_id=uuid4(), title="Yard")
        index.add_camera(camera, None)
        archive = index.archive(camera.archive_id)
        assert archive is not None
        storage = LocalStorage(disk.root, index.set_id)
        storage.claim()
        reader = Reader(index, storage)
        writer = RunWriter(index, storage, archive, CODECS, block_ms=6_000_000)
        count = fill(writer, 0)
        assert count > 5
        verify(reader, archive, count)
        # Again and again: each try is refused, none leaves anything.
        before = files(disk.root)
        for _ in range(3):
            assert fill(writer, count) == count
        assert files(disk.root) == before
        disk.make_room()
        for number in range(count, count + 5):
            writer.add(*segment(number))
            writer.commit()
        verify(reader, archive, count + 5)
        [part] = reader.parts(archive, ALL_TIME)
        assert part.end_ms == T + (count + 5) * 6000
        assert not list(disk.root.rglob("*.aside"))


def verify(reader: Reader, archive: Archive, count: int) -> None:
    """Every segment is there with its bytes."""
    _, table = reader.parts_and_segments(archive, ALL_TIME)
    assert len(table) == count
    for number in range(count):
        wanted, data = segment(number)
        kept = reader.segment(archive, wanted.start_ms)
        assert kept is not None
        assert reader.data(kept) == data
