"""Invariants 1 to 4 under a kill: whatever moment a process dies at, no row lacks its bytes."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from footage.archive.commit import RunWriter
from footage.archive.errors import WrongStorage
from footage.archive.remove import finish
from footage.server import open_house
from footage.settings import load
from footage.timeline import ALL_TIME
from kit.archive import START_MS, Shelf, open_shelf
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


def test_bytes_that_were_never_committed_are_not_seen_and_not_in_the_way(shelf: Shelf) -> None:
    """A crash between the bytes and the row (invariant 1)."""
    from footage.timeline import Keyframe, Segment  # noqa: PLC0415
    from kit.archive import CODECS  # noqa: PLC0415

    def segment(number: int, size: int) -> Segment:
        return Segment(START_MS + number * 6000, 6000, size, number, (Keyframe(0, 0, 188),))

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
