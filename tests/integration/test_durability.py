"""Invariants 1 to 4 under a kill: whatever moment a process dies at, no row lacks its bytes."""

from __future__ import annotations

import errno
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import pytest

from footage.archive.commit import RunWriter
from footage.archive.errors import Full, LeaseLost, Overlap, Unavailable, WrongStorage
from footage.archive.group_commit import GroupCommit
from footage.archive.remove import finish
from footage.archive.storage import LocalStorage, block_key
from footage.house import open_house
from footage.settings import load
from footage.timeline import ALL_TIME, Archive, Block, Keyframe, Run, Segment
from kit.archive import CODECS, START_MS, Shelf, open_shelf
from kit.clips import Clip, frames_in

MakeClip = Callable[[str, Clip], Path]


def verify(shelf: Shelf) -> int:
    """Every segment that a row names is there and decodes; none overlap. How many pictures."""
    _, table = shelf.reader.parts_and_segments(shelf.archive, ALL_TIME)
    ends = table.start_ms + table.duration_ms
    assert (table.start_ms[1:] >= ends[:-1]).all()
    pictures = 0
    for start in table.start_ms.tolist():
        kept = shelf.reader.segment(shelf.archive, start)
        assert kept is not None
        with av.open(io.BytesIO(shelf.reader.data(kept)), "r") as segment:
            pictures += sum(1 for _ in segment.decode(video=0))
    return pictures


def test_kill_9_at_any_moment_of_an_import_loses_nothing_promised(tmp_path: Path, clips: MakeClip) -> None:
    """Killed again and again, then run to its end: the archive is as if nothing had happened."""
    shelf = open_shelf(tmp_path)
    clip = clips("long-import.mkv", Clip(seconds=240, size=(160, 120), gop=25))
    command = [sys.executable, "-m", "footage", "import", str(clip), "--camera", str(shelf.camera.id)]
    command += ["--start", str(START_MS)]
    environment = {**os.environ, "FOOTAGE_DATA_DIR": str(tmp_path)}
    moments = random.Random(7)
    killed = 0
    for _ in range(6):
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        before = _stored(tmp_path)
        # Wait for it to write, then let a random while pass.
        while _stored(tmp_path) == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(moments.random() * 0.1)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
        verify(shelf)
    assert killed
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert verify(shelf) == frames_in(clip)
    totals = shelf.reader.totals(shelf.archive)
    assert totals is not None
    assert (totals.first_ms, totals.last_ms) == (START_MS, START_MS + 240_000)
    shelf.house.close()


def _stored(data: Path) -> int:
    return sum(path.stat().st_size for path in (data / "footage").rglob("*.ts"))


def segment(number: int, size: int = 376) -> Segment:
    """Made-up footage of six seconds."""
    return Segment(START_MS + number * 6000, 6000, size, number, (Keyframe(0, 0, 188),))


def test_bytes_that_were_never_committed_are_not_seen_and_not_in_the_way(shelf: Shelf) -> None:
    """A crash between the bytes and the row (invariant 1)."""
    house = shelf.house
    writer = RunWriter(house.index, house.storage, shelf.archive, CODECS)
    writer.add(segment(0, 376), b"a" * 376)
    writer.commit()
    writer.add(segment(1, 376), b"b" * 376)
    # The process ends here. Another one goes on, with other footage of that time.
    totals = shelf.reader.totals(shelf.archive)
    assert totals is not None
    assert totals.last_ms == START_MS + 6000
    other = RunWriter(house.index, house.storage, shelf.archive, CODECS)
    other.add(segment(1, 564), b"c" * 564)
    other.commit()
    kept = shelf.reader.segment(shelf.archive, START_MS + 6000)
    assert kept is not None
    assert shelf.reader.data(kept) == b"c" * 564
    # Invariant 2: the bytes without a row are still there.
    [block] = [path for path in _files(shelf) if path.name == f"{START_MS}.ts"]
    assert block.read_bytes() == b"a" * 376 + b"b" * 376


def _files(shelf: Shelf) -> list[Path]:
    return sorted((shelf.house.settings.data_dir / "footage").rglob("*.ts"))


def test_a_removal_that_was_cut_short_is_finished_later(tmp_path: Path) -> None:
    """Marked, some bytes deleted, rows not dropped (invariant 2)."""
    shelf = open_shelf(tmp_path)
    shelf.add_run(START_MS, [(6000, 376)] * 40)
    shelf.house.index.mark_camera(shelf.camera.id)
    _files(shelf)[0].unlink()
    assert shelf.house.index.archive(shelf.archive.id) is None
    shelf.house.close()
    house = open_house(load(data_dir=tmp_path))
    assert finish(house.index, house.storage) == 4
    assert list(house.storage.list()) == []
    assert house.index.leaving(10) == []
    house.close()


def test_an_empty_index_deletes_nothing_and_refuses_the_storage(tmp_path: Path) -> None:
    """Invariant 3: the index was lost, the footage is there."""
    shelf = open_shelf(tmp_path)
    shelf.add_run(START_MS, [(6000, 376)] * 3)
    shelf.house.close()
    before = {path: path.read_bytes() for path in (tmp_path / "footage").rglob("*") if path.is_file()}
    for name in ("index.db", "index.db-wal", "index.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    with pytest.raises(WrongStorage, match="belongs to the archive set"):
        open_house(load(data_dir=tmp_path))
    after = {path: path.read_bytes() for path in (tmp_path / "footage").rglob("*") if path.is_file()}
    assert after == before


def test_an_unmounted_storage_is_not_written_to(shelf: Shelf, tmp_path: Path) -> None:
    """Invariant 3: the mount point is bare."""
    storage = tmp_path / "data" / "footage"
    storage.rename(tmp_path / "elsewhere")
    storage.mkdir()
    with pytest.raises(WrongStorage, match="is its disk mounted"):
        shelf.add_run(START_MS, [(6000, 376)])
    assert list(storage.iterdir()) == []
    assert shelf.reader.totals(shelf.archive) is None


@pytest.mark.parametrize("is_bare", [True, False])
def test_an_empty_place_is_not_taken_for_a_storage_that_is_away(tmp_path: Path, is_bare: bool) -> None:
    """Invariant 3: opened anew while the disk is not mounted, also where nothing was kept yet."""
    open_shelf(tmp_path).house.close()
    storage = tmp_path / "footage"
    storage.rename(tmp_path / "elsewhere")
    if is_bare:
        storage.mkdir()
    with pytest.raises(WrongStorage, match="is its disk mounted"):
        open_house(load(data_dir=tmp_path))
    if is_bare:
        assert list(storage.iterdir()) == []
        storage.rmdir()
    assert not storage.exists()
    (tmp_path / "elsewhere").rename(storage)
    open_house(load(data_dir=tmp_path)).close()


def test_an_empty_disk_takes_the_place_of_one_that_broke_when_it_is_told_so(tmp_path: Path) -> None:
    """By its marker, as the guide says."""
    shelf = open_shelf(tmp_path)
    shelf.add_run(START_MS, [(6000, 376)])
    shelf.house.close()
    storage = tmp_path / "footage"
    shutil.rmtree(storage)
    with pytest.raises(WrongStorage, match=str(shelf.house.index.set_id)):
        open_house(load(data_dir=tmp_path))
    storage.mkdir()
    (storage / "footage-storage").write_text(f"{shelf.house.index.set_id}\n")
    house = open_house(load(data_dir=tmp_path))
    assert list(house.storage.list()) == []
    house.close()


class Noting(LocalStorage):
    """The real storage, and what of it was brought to the disk."""

    synced: list[int]

    def sync(self, key: str) -> None:
        super().sync(key)
        self.synced.append((int(Path(key).stem) - START_MS) // 6000)


class Committing:
    """The real index, and how many blocks were brought to the disk before each row."""

    def __init__(self, shelf: Shelf, storage: Noting) -> None:
        self._index, self._storage = shelf.house.index, storage
        self.syncs_before: list[int] = []

    def commit_block(self, archive: Archive, run: Run, block: Block, fence: int | None = None) -> Run:
        self.syncs_before.append(len(self._storage.synced))
        return self._index.commit_block(archive, run, block, fence)


@pytest.mark.parametrize(
    ("sync_every_s", "synced", "syncs_before"),
    [
        # Two blocks of three segments of 6 s, then the end.
        (0.0, [0, 0, 0, 3, 3, 3], [1, 2, 3, 4, 5, 6]),
        (12.0, [0, 0, 3], [0, 1, 1, 2, 2, 3]),
        (1000.0, [0, 3], [0, 0, 0, 1, 1, 1]),
        (None, [], [0] * 6),
    ],
)
def test_bytes_are_synced_as_often_as_the_policy_says(
    shelf: Shelf, sync_every_s: float | None, synced: list[int], syncs_before: list[int]
) -> None:
    """Invariant 7: what a power cut may take."""
    house, now_s = shelf.house, 0.0
    storage = Noting(house.settings.storage, house.index.set_id)
    storage.synced = []
    committer = Committing(shelf, storage)
    writer = RunWriter(
        house.index,
        storage,
        shelf.archive,
        CODECS,
        block_ms=18_000,
        sync_every_s=sync_every_s,
        committer=committer,
        monotonic=lambda: now_s,
    )
    for number in range(6):
        now_s += 6
        writer.add(segment(number), b"d" * 376)
        writer.commit()
    writer.end()
    writer.end()
    assert (storage.synced, committer.syncs_before) == (synced, syncs_before)
    [part] = shelf.reader.parts(shelf.archive, ALL_TIME)
    assert part.end_ms == START_MS + 36_000


class ForgetfulDisk:
    """What a disk has of the files of blocks, where syncs fail as on Linux.

    The error is told once, what was not written yet is dropped, and the system shows it nevertheless.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failing: set[int]) -> None:
        self._failing = failing
        self._on_the_way: list[tuple[str, int, bytes]] = []
        self._files: dict[str, bytearray] = {}
        self._syncs = 0
        self._write, self._sync = os.pwrite, os.fsync
        monkeypatch.setattr(os, "pwrite", self.write)
        monkeypatch.setattr(os, "fsync", self.sync)

    def write(self, descriptor: int, data: memoryview, at: int) -> int:
        written = self._write(descriptor, data, at)
        self._on_the_way.append((_name(descriptor), at, bytes(data[:written])))
        return written

    def sync(self, descriptor: int) -> None:
        self._sync(descriptor)
        if not _name(descriptor).endswith(".ts"):
            return
        fresh, self._on_the_way = self._on_the_way, []
        self._syncs += 1
        if self._syncs in self._failing:
            raise OSError(errno.EIO, "Input/output error")
        for name, at, data in fresh:
            file = self._files.setdefault(name, bytearray())
            file[at:] = bytes(max(at - len(file), 0)) + data + file[at + len(data) :]

    def file(self, path: Path) -> bytes:
        return bytes(self._files[str(path)])


def _name(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


@pytest.mark.parametrize("failing", [{1}, {3}, {2, 3, 4}, {5}])
def test_what_a_disk_forgot_when_a_sync_failed_is_written_again(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, failing: set[int]
) -> None:
    """Invariants 1 and 7."""
    disk = ForgetfulDisk(monkeypatch, failing)
    writer = RunWriter(shelf.house.index, shelf.house.storage, shelf.archive, CODECS, block_ms=18_000)
    failed = 0
    for number in range(5):
        writer.add(segment(number), bytes([number]) * 376)
        for _ in range(len(failing) + 1):
            try:
                writer.commit()
            except Unavailable:
                failed += 1
            else:
                break
        # Whatever a row promises is on the disk.
        for path in _files(shelf):
            data = path.read_bytes()
            assert disk.file(path) == data
    writer.end()
    assert failed == len(failing)
    assert b"".join(path.read_bytes() for path in _files(shelf)) == b"".join(
        bytes([number]) * 376 for number in range(5)
    )
    assert not list(shelf.house.settings.data_dir.rglob("*.aside"))


def test_what_was_added_together_when_a_sync_failed_is_added_again(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an import that is run again (invariants 1 and 7)."""
    disk = ForgetfulDisk(monkeypatch, {1})
    house = shelf.house
    writer = RunWriter(house.index, house.storage, shelf.archive, CODECS)
    for number in range(3):
        writer.add(segment(number), bytes([number]) * 376)
    for _ in range(2):
        with pytest.raises(Unavailable):
            writer.commit()
    assert shelf.reader.totals(shelf.archive) is None
    again = RunWriter(house.index, house.storage, shelf.archive, CODECS)
    for number in range(3):
        again.add(segment(number), bytes([number]) * 376)
    again.commit()
    [path] = _files(shelf)
    assert disk.file(path) == path.read_bytes() == b"".join(bytes([n]) * 376 for n in range(3))
    assert not list(house.settings.data_dir.rglob("*.aside"))


RECORD = """
import os, sys
from uuid import UUID, uuid4
from footage.archive.commit import RunWriter
from footage.archive.group_commit import GroupCommit
from footage.house import open_house
from footage.settings import load
from kit.archive import CODECS
sys.path.append(sys.argv[3])
from test_durability import segment
house = open_house(load(data_dir=sys.argv[1]))
archive = house.index.archive(UUID(sys.argv[2]))
fence = house.index.claim(archive, uuid4(), 0)
writer = RunWriter(house.index, house.storage, archive, CODECS, fence=fence, sync_every_s=None,
                   committer=GroupCommit(house.index), checks_on_add=False)
for number in range(100_000):
    writer.add(segment(number), number.to_bytes(4, "big") * 94)
    writer.commit()
    print(number, flush=True)
"""


def test_kill_9_of_a_recorder_that_never_syncs_loses_nothing_committed(tmp_path: Path) -> None:
    """Invariant 7, and what lies behind the promised bytes is taken in afterwards (invariant 2)."""
    shelf = open_shelf(tmp_path)
    house, archive = shelf.house, shelf.archive
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": str(here.parent)}
    command = [sys.executable, "-c", RECORD, str(tmp_path), str(archive.id), str(here)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(25):
            said = process.stdout.readline()
        process.kill()
        rest = process.stdout.read().split()
    last = int((rest or [said])[-1])
    [part] = shelf.reader.parts(archive, ALL_TIME)
    count = (part.end_ms - START_MS) // 6000
    assert count in (last + 1, last + 2)
    # Whole segments behind them, as a crash between bytes and row leaves them.
    with house.index.snapshot() as snapshot:
        block = snapshot.last_block_before(archive, part.end_ms)
    assert block is not None
    key = block_key(archive.id, block.start_ms)
    promised = block.bytes_to - block.bytes_from
    left = (house.storage.size(key) or 0) - promised
    if not left:
        house.storage.append(key, promised, count.to_bytes(4, "big") * 94)
    fence = house.index.claim(archive, shelf.camera.id, 1)
    writer = RunWriter(house.index, house.storage, archive, part.run.codecs, fence=fence)
    writer.go_on(part.run, block)
    writer.add(segment(count), count.to_bytes(4, "big") * 94)
    writer.commit()
    writer.end()
    for number in range(count + 1):
        kept = shelf.reader.segment(archive, START_MS + number * 6000)
        assert kept is not None
        assert shelf.reader.data(kept) == number.to_bytes(4, "big") * 94
    assert not list(tmp_path.rglob("*.aside"))
    newest = shelf.reader.newest_recorded(archive, 3)
    assert [one.sequence for one in newest] == [count - 2, count - 1, count]
    assert {one.discontinuity for one in newest} == {0}
    house.close()


def test_a_writer_goes_on_only_behind_the_last_block(shelf: Shelf) -> None:
    shelf.add_run(START_MS, [(6000, 376)] * 12)
    [part] = shelf.reader.parts(shelf.archive, ALL_TIME)
    with shelf.house.index.snapshot() as snapshot:
        first = snapshot.block_at(shelf.archive, START_MS)
        last = snapshot.block_at(shelf.archive, START_MS + 66_000)
    assert first is not None
    assert last is not None
    house = shelf.house
    writer = RunWriter(house.index, house.storage, shelf.archive, part.run.codecs)
    with pytest.raises(ValueError, match="the run ends at"):
        writer.go_on(part.run, first)
    writer.go_on(part.run, last)
    with pytest.raises(ValueError, match="a run goes on at"):
        writer.add(segment(13), b"d" * 376)
    writer.add(segment(12), b"d" * 376)
    writer.end()
    [grown] = shelf.reader.parts(shelf.archive, ALL_TIME)
    assert (grown.run.id, grown.end_ms) == (part.run.id, START_MS + 78_000)
    assert grown.size_bytes == 13 * 376


def test_a_stalled_recorder_that_wakes_up_shows_nothing_more(shelf: Shelf) -> None:
    """Invariant 8."""
    house, archive = shelf.house, shelf.archive
    commits = GroupCommit(house.index)

    def recorder(fence: int | None) -> RunWriter:
        return RunWriter(
            house.index,
            house.storage,
            archive,
            CODECS,
            fence=fence,
            committer=commits,
            checks_on_add=False,
        )

    stalled = recorder(house.index.claim(archive, shelf.camera.id, 0))
    stalled.add(segment(0), b"a" * 376)
    stalled.commit()
    successor = recorder(house.index.claim(archive, archive.id, 1))
    successor.add(segment(2), b"b" * 376)
    successor.commit()
    stalled.add(segment(1), b"c" * 376)
    for _ in range(2):
        with pytest.raises(LeaseLost):
            stalled.commit()
    _, table = shelf.reader.parts_and_segments(archive, ALL_TIME)
    assert table.start_ms.tolist() == [START_MS, START_MS + 12_000]


def test_without_a_look_beforehand_the_commit_still_tells_of_an_overlap(shelf: Shelf) -> None:
    shelf.add_run(START_MS, [(6000, 564)])
    house = shelf.house
    writer = RunWriter(house.index, house.storage, shelf.archive, CODECS, checks_on_add=False)
    begun = replace(segment(0), start_ms=START_MS - 3000)
    writer.add(begun, b"e" * 376)
    with pytest.raises(Overlap):
        writer.commit()
    _, table = shelf.reader.parts_and_segments(shelf.archive, ALL_TIME)
    assert table.size_bytes.tolist() == [564]


def test_a_segment_that_found_no_room_can_be_added_again(shelf: Shelf) -> None:
    house = shelf.house
    storage = LocalStorage(house.settings.storage, house.index.set_id, reserve_bytes=1)
    writer = RunWriter(house.index, storage, shelf.archive, CODECS)
    writer.add(segment(0), b"a" * 376)
    storage._reserve_bytes = 1 << 62
    with pytest.raises(Full):
        writer.add(segment(1), b"b" * 376)
    # What was added before can be committed all the same.
    writer.commit()
    storage._reserve_bytes = 0
    writer.add(segment(1), b"b" * 376)
    writer.commit()
    [part] = shelf.reader.parts(shelf.archive, ALL_TIME)
    assert (part.end_ms, part.size_bytes) == (START_MS + 12_000, 752)
