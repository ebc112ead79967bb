"""Check, rebuild and start, on a million segments and a million blocks.

The segments are real and small, a picture each, in blocks of ten; what a rebuild reads of large
ones beside is the disk's business.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from uuid import UUID, uuid5

import av
from isal import isal_zlib

from bench import WORK
from bench.archives import house_of
from bench.measure import Figure, Suite, Target
from footage.archive.storage import block_key
from footage.house import open_house
from footage.media.mpegts import PACKET, Seal, seal
from footage.media.sealed import sealed_segments
from footage.recording.importer import Importer
from footage.settings import load
from footage.timeline import Camera

CAMERAS = 4
RUNS, BLOCKS_A_RUN, SEGMENTS_A_BLOCK = 100, 250, 10
SEGMENT_MS = 6000
_FIRST_MS = 1_700_000_000_000
_NAMES = UUID("7d0c8d5c-0a0f-4a6e-9c2f-5d3a0c9f1a11")
_ROUNDS = 3


def run() -> Suite:
    folder = _million_segments()
    rebuilds, peaks, checks, deep = [], [], [], []
    for _ in range(_ROUNDS):
        for path in folder.glob("index.db*"):
            path.unlink()
        seconds, peak = _timed("check", "--rebuild", "--json", data=folder)
        rebuilds.append(seconds)
        peaks.append(peak)
    for _ in range(_ROUNDS):
        checks.append(_timed("check", "--json", data=folder)[0])
        deep.append(_timed("check", "--level", "checksum", "--json", data=folder)[0])
    starts = [_start_s(house_of("million-blocks", range(476))) for _ in range(_ROUNDS)]
    return Suite(
        "Integrity",
        "The program itself, from its start to its end. 1,000,000 segments of a picture each, about"
        " 1 kB, in 100,000 blocks of four cameras, 400 runs, on local disk, in the page cache."
        " Memory is the peak of the process. A start is `footage api` with one worker over"
        " 1,000,000 blocks of rows, until `/readyz` answers.",
        (
            Figure("check, presence and size, a million segments", "s", tuple(checks), Target(20)),
            Figure("check, checksums, a million segments", "s", tuple(deep)),
            Figure("rebuild, a million segments", "s", tuple(rebuilds), Target(300)),
            Figure("memory of a rebuild, peak", "MB", tuple(peaks), Target(300)),
            Figure("start on a million blocks", "s", tuple(starts), Target(2)),
        ),
    )


def _timed(*arguments: str, data: Path) -> tuple[float, float]:
    """Seconds and peak MB of a command, which must end well."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "footage", *arguments],
        env={**os.environ, "FOOTAGE_DATA_DIR": str(data)},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"footage {' '.join(arguments)} ended with {process.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1000


def _start_s(data: Path) -> float:
    """From exec to the first answer that it is ready."""
    port = 18_291
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "footage", "api", f"--port={port}", "--workers=1"],
        env={**os.environ, "FOOTAGE_DATA_DIR": str(data)},
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _is_ready(port):
            time.sleep(0.01)
        return time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _million_segments() -> Path:
    """The data folder, its index lost; made where it is not there yet."""
    folder = WORK / "million-segments"
    if not folder.exists():
        half_made = WORK / "million-segments-half-made"
        shutil.rmtree(half_made, ignore_errors=True)
        house = open_house(load(data_dir=half_made))
        body = _a_picture(half_made)
        for number in range(CAMERAS):
            camera = Camera(
                id=uuid5(_NAMES, f"camera {number}"),
                archive_id=uuid5(_NAMES, f"archive {number}"),
                title=f"Camera {number}",
            )
            house.cameras.add(camera)
            _write_blocks(house.settings.storage, camera.archive_id, body)
        house.close()
        half_made.rename(folder)
    return folder


def _a_picture(folder: Path) -> bytes:
    """A segment of one picture, without its seal."""
    path = folder / "picture.mkv"
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=1, options={"crf": "40"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame(64, 48, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        output.mux([*video.encode(frame), *video.encode(None)])
    house = open_house(load(data_dir=folder / "picture"))
    camera = house.cameras.add(Camera(id=uuid5(_NAMES, "c"), archive_id=uuid5(_NAMES, "a"), title="x"))
    Importer(house.index, house.storage, house.cameras.archive_of(camera), segment_ms=6000).run(
        path, _FIRST_MS
    )
    [block] = house.settings.storage.rglob("*.ts")
    [(_, data)] = sealed_segments(block.read_bytes())
    house.close()
    shutil.rmtree(folder / "picture")
    path.unlink()
    return data[:-PACKET]


def _write_blocks(storage: Path, archive_id: UUID, body: bytes) -> None:
    crc32, size_bytes = isal_zlib.crc32(body), len(body) + PACKET
    block_ms = SEGMENT_MS * SEGMENTS_A_BLOCK
    for run in range(RUNS):
        run_ms = _FIRST_MS + run * (BLOCKS_A_RUN * block_ms + 36_000)
        for block in range(BLOCKS_A_RUN):
            start_ms = run_ms + block * block_ms
            path = storage / block_key(archive_id, start_ms)
            path.parent.mkdir(parents=True, exist_ok=True)
            buffer = io.BytesIO()
            for at_ms in range(start_ms, start_ms + block_ms, SEGMENT_MS):
                buffer.write(body + seal(Seal(run_ms, at_ms, SEGMENT_MS, size_bytes, crc32)))
            path.write_bytes(buffer.getvalue())
