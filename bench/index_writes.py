"""A thousand cameras that each commit a segment every six seconds: how long a commit takes.

Two processes of sixteen writers, as recorder workers are, share one SQLite index on the disk, and
a reader looks at timelines and playlists beside them. What a commit takes is counted from the
call to its return; a writer that does not keep up falls behind its timetable.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from uuid import uuid4

import numpy as np
from sqlalchemy import insert

from bench import WORK
from bench.measure import Figure, Suite, Target
from footage.archive.commit import RunWriter
from footage.archive.group_commit import GroupCommit
from footage.archive.index import open_index
from footage.archive.index import tables as t
from footage.archive.index.database import connect
from footage.archive.index.segment_table import pack_keyframes, pack_segments
from footage.archive.read import Reader
from footage.archive.storage import LocalStorage
from footage.timeline import Camera, Codecs, Keyframe, Segment, Span

CAMERAS = 1000
PROCESSES = 2
THREADS = 16
SEGMENT_S = 6
SECONDS = 60
SECONDS_WITH_BYTES = 18
_OLD_BLOCKS = 400
_OLD_MS = 1_600_000_000_000
_STARTING_S = 6
"""What the processes take to start and to claim their cameras."""
_CODECS = Codecs("h264", 1920, 1080, "aac", 48_000, 1, "0123456789abcdef")
_SEGMENT_BYTES = 1_500_000
_HOW = f"""\
{PROCESSES} processes of {THREADS} threads write the rows of {CAMERAS} cameras through GroupCommit, each \
camera a segment every {SEGMENT_S} s at a time of its own, blocks of ten segments, into an SQLite index of \
{CAMERAS * _OLD_BLOCKS:,} older blocks, synced to the disk at every transaction; a reader beside them asks \
for an hour of a random camera, as its timeline and its playlist, every 10 ms. \
A commit is timed from its call to its return, over {SECONDS} s; "behind" is how long after its time a \
segment was committed, whatever kept it. With bytes, {_SEGMENT_BYTES / 1e6:g} MB (2 Mbit/s) are written \
into the block's file and synced before each row, over {SECONDS_WITH_BYTES} s; all three are timed."""


@dataclass(frozen=True)
class _Load:
    """What every process does."""

    folder: Path
    seconds: int
    segment_bytes: int
    begins_at: float


@dataclass(frozen=True)
class _Taken:
    """Of every segment: how long its commit took, and how late after its time it was committed."""

    commit_ms: list[float]
    behind_ms: list[float]


def run() -> Suite:
    """Measure."""
    with TemporaryDirectory(prefix="index-writes-", dir=WORK) as folder:
        _fill(Path(folder))
        rows, reads_ms = _measure(Path(folder), SECONDS, 0)
        whole, _ = _measure(Path(folder), SECONDS_WITH_BYTES, _SEGMENT_BYTES)
    figures = (
        _figure("commit, p50", rows.commit_ms, 50),
        _figure("commit, p99", rows.commit_ms, 99, Target(at_most=100)),
        _figure("commit, slowest", rows.commit_ms, 100),
        Figure("commits a second", "", (len(rows.commit_ms) / SECONDS,), Target(at_least=166)),
        _figure("behind, slowest", rows.behind_ms, 100, Target(at_most=SEGMENT_S * 1000)),
        _figure("a read beside them, p99", reads_ms, 99),
        _figure("write 1.5 MB, sync, commit, p50", whole.commit_ms, 50),
        _figure("write 1.5 MB, sync, commit, p99", whole.commit_ms, 99),
        _figure("behind with bytes, slowest", whole.behind_ms, 100, Target(at_most=SEGMENT_S * 1000)),
    )
    return Suite("Index writes of recorders", _HOW, figures)


def _figure(what: str, values: Sequence[float], percent: float, target: Target | None = None) -> Figure:
    return Figure(what, "ms", (float(np.percentile(values, percent)),), target)


def _fill(folder: Path) -> None:
    """Cameras, each with its lease to be, and the blocks of some hours before."""
    index = open_index(_url(folder))
    archives = []
    for number in range(CAMERAS):
        camera = Camera(id=uuid4(), archive_id=uuid4(), title=f"Camera {number}")
        index.add_camera(camera, "rtsp://127.0.0.1/nowhere")
        archive = index.archive(camera.archive_id)
        assert archive is not None
        archives.append(archive)
    LocalStorage(folder / "footage", index.set_id).claim()
    index.close()
    engine = connect(_url(folder))
    segments = [_segment(0, _SEGMENT_BYTES)] * 10
    packed = {"segments": pack_segments(segments), "keyframes": pack_keyframes(segments)}
    with engine.begin() as connection:
        codecs = {name: getattr(_CODECS, name) for name in _CODECS.__dataclass_fields__}
        connection.execute(insert(t.codecs).values(id=1, **codecs))
        run_rows = [
            {
                "id": archive.number,
                "archive_number": archive.number,
                "start_ms": _OLD_MS,
                "end_ms": _OLD_MS + _OLD_BLOCKS * 60_000,
                "bytes_from": 0,
                "bytes_to": _OLD_BLOCKS * 10 * _SEGMENT_BYTES,
                "codecs_id": 1,
            }
            for archive in archives
        ]
        connection.execute(insert(t.run), run_rows)
        for number in range(_OLD_BLOCKS):
            start_ms = _OLD_MS + number * 60_000
            values = {
                **packed,
                "start_ms": start_ms,
                "end_ms": start_ms + 60_000,
                "bytes_from": number * 10 * _SEGMENT_BYTES,
                "bytes_to": (number + 1) * 10 * _SEGMENT_BYTES,
                "sequence_from": number * 10,
                "sequence_to": (number + 1) * 10,
                "discontinuity": 0,
            }
            block_rows = [
                {"archive_number": archive.number, "run_id": archive.number, **values}
                for archive in archives
            ]
            connection.execute(insert(t.block), block_rows)
    engine.dispose()


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'index.db'}"


def _segment(start_ms: int, size_bytes: int) -> Segment:
    third = size_bytes // 3
    frames = tuple(Keyframe(n * 2000, n * third, third // 4) for n in range(3))
    return Segment(start_ms, SEGMENT_S * 1000, size_bytes, 0x1234, frames)


class _NoBytes:
    """A storage that keeps nothing: what is left is the index."""

    def append(self, key: str, start: int, data: bytes) -> None:
        """Nothing."""

    def sync(self, key: str) -> None:
        """Nothing."""


def _measure(folder: Path, seconds: int, segment_bytes: int) -> tuple[_Taken, list[float]]:
    """All processes and the reader, once."""
    os.sync()
    spawn = multiprocessing.get_context("spawn")
    load = _Load(folder, seconds, segment_bytes, time.time() + _STARTING_S)
    results: multiprocessing.SimpleQueue[_Taken] = spawn.SimpleQueue()
    reads: multiprocessing.SimpleQueue[list[float]] = spawn.SimpleQueue()
    processes = [spawn.Process(target=_record, args=(load, part, results)) for part in range(PROCESSES)]
    processes.append(spawn.Process(target=_read, args=(load, reads)))
    for process in processes:
        process.start()
    parts = [results.get() for _ in range(PROCESSES)]
    reads_ms = reads.get()
    for process in processes:
        process.join()
    for written in (folder / "footage").glob("*-*"):
        shutil.rmtree(written, ignore_errors=True)
    commit_ms = [one for part in parts for one in part.commit_ms]
    return _Taken(commit_ms, [one for part in parts for one in part.behind_ms]), reads_ms


def _record(load: _Load, part: int, results: multiprocessing.SimpleQueue[_Taken]) -> None:
    """A recorder worker: its share of the cameras, its threads, one GroupCommit."""
    index = open_index(_url(load.folder))
    storage: Any = LocalStorage(load.folder / "footage", index.set_id) if load.segment_bytes else _NoBytes()
    commits = GroupCommit(index)
    recorder, now_ms = uuid4(), int(load.begins_at * 1000)
    due: list[tuple[float, RunWriter]] = []
    for place, camera in enumerate(index.to_record()):
        if place % PROCESSES != part:
            continue
        fence = index.claim(camera.archive, recorder, camera.fence)
        assert fence is not None
        writer = RunWriter(
            index, storage, camera.archive, _CODECS, fence=fence, committer=commits, checks_on_add=False
        )
        due.append((load.begins_at + place * SEGMENT_S / CAMERAS, writer))
    taken = _Taken([], [])
    threads = [
        Thread(target=_write, args=(load, due[number::THREADS], now_ms, taken)) for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(taken)
    index.close()


def _write(load: _Load, due: Sequence[tuple[float, RunWriter]], now_ms: int, taken: _Taken) -> None:
    """One thread: the segments of its cameras, each at its time or as soon as it can."""
    data = os.urandom(load.segment_bytes)
    size_bytes = load.segment_bytes or _SEGMENT_BYTES
    for number in range(load.seconds // SEGMENT_S):
        segment = _segment(now_ms + number * SEGMENT_S * 1000, size_bytes)
        for first_at, writer in due:
            at = first_at + number * SEGMENT_S
            time.sleep(max(0.0, at - time.time()))
            started = time.perf_counter()
            writer.add(segment, data)
            writer.commit()
            taken.commit_ms.append((time.perf_counter() - started) * 1000)
            taken.behind_ms.append((time.time() - at) * 1000)


def _read(load: _Load, reads: multiprocessing.SimpleQueue[list[float]]) -> None:
    """Timelines and playlists of the last hour, one camera after the other."""
    index = open_index(_url(load.folder))
    reader = Reader(index, LocalStorage(load.folder / "footage", index.set_id))
    archives = [camera.archive for camera in index.to_record()]
    hour = Span(_OLD_MS + (_OLD_BLOCKS - 60) * 60_000, int(load.begins_at * 1000) + 3_600_000)
    moods, taken = random.Random(3), []
    time.sleep(max(0.0, load.begins_at - time.time()))
    while time.time() < load.begins_at + load.seconds:
        started = time.perf_counter()
        reader.parts_and_segments(moods.choice(archives), hour)
        taken.append((time.perf_counter() - started) * 1000)
        time.sleep(0.01)
    reads.put(taken)
    index.close()
