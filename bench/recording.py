"""A hundred cameras recorded, against one ffmpeg process a camera: CPU and memory of each."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bench import WORK
from bench.clips import short_clip
from bench.measure import Figure, Suite, Target, ratios
from footage.demo.relay import Relay
from footage.house import open_house
from footage.media.film import clip_publisher
from footage.settings import load
from footage.timeline import Camera
from kit.server import children_of

CAMERAS = 100
ROUNDS = 3
_SETTLE_S, _MEASURE_S = 20.0, 40.0
_MEGABITS = 2
_FILMS, _APART_S = 10, 0.37
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_HOW = f"""\
{CAMERAS} cameras (1080p H.264 at {_MEGABITS} Mbit/s, 25 pictures a second, a keyframe every 2 s, AAC \
of 16 kHz mono) over RTSP and TCP from one relay on the same machine, {_FILMS} films whose keyframes come \
at different times. `footage record` with its default of a process a core, which syncs every \
segment and writes its row, against {CAMERAS} times `ffmpeg -c copy -f segment -segment_time 6`, which \
syncs nothing; {ROUNDS} rounds in turn. CPU is that of all processes of the side over {_MEASURE_S:.0f} s, \
from {_SETTLE_S:.0f} s after the last has begun. Memory is taken at the end of that: resident (RSS), and \
proportional (PSS), which shares out what processes have in common."""


@dataclass(frozen=True)
class _Took:
    """A camera's share of what a side took."""

    cpu_percent: float
    rss_mib: float
    pss_mib: float


def run() -> Suite:
    """Measure."""
    clip = camera_clip()
    folder = WORK / "recording"
    taken: list[tuple[_Took, _Took]] = []
    with ExitStack() as stack:
        urls = _cameras(stack, clip)
        for _ in range(ROUNDS):
            sides = []
            for side in (_footage, _ffmpeg):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                with side(folder, urls) as processes:
                    time.sleep(_SETTLE_S)
                    sides.append(_measured(processes))
            taken.append((sides[0], sides[1]))
    shutil.rmtree(folder)
    ours, theirs = zip(*taken, strict=True)
    return Suite(
        "Recording a hundred cameras",
        _HOW,
        (
            Figure(
                "CPU a camera / ffmpeg's",
                "x",
                ratios([t.cpu_percent for t in ours], [t.cpu_percent for t in theirs]),
                Target(at_most=1.25),
            ),
            Figure("CPU a camera", "% of a core", tuple(t.cpu_percent for t in ours)),
            Figure("CPU a camera, ffmpeg", "% of a core", tuple(t.cpu_percent for t in theirs)),
            Figure(
                "memory (RSS) a camera / ffmpeg's",
                "x",
                ratios([t.rss_mib for t in ours], [t.rss_mib for t in theirs]),
                Target(at_most=0.1),
            ),
            Figure("memory (RSS) a camera", "MiB", tuple(t.rss_mib for t in ours)),
            Figure("memory (RSS) a camera, ffmpeg", "MiB", tuple(t.rss_mib for t in theirs)),
            Figure("memory (PSS) a camera", "MiB", tuple(t.pss_mib for t in ours)),
            Figure("memory (PSS) a camera, ffmpeg", "MiB", tuple(t.pss_mib for t in theirs)),
        ),
    )


def _cameras(stack: ExitStack, clip: Path) -> list[str]:
    """The cameras' URLs. Their keyframes come at different times, as those of real ones do."""
    relay = stack.enter_context(Relay())
    for film in range(_FILMS):
        stack.enter_context(clip_publisher(relay.url(f"film-{film}"), clip))
        time.sleep(_APART_S)
    return [relay.camera(f"camera-{n}", source=f"film-{n % _FILMS}").url for n in range(CAMERAS)]


def camera_clip() -> Path:
    """A minute as a camera sends it: its sound is a telephone's more than a film's."""
    made = WORK / f"camera-{_MEGABITS}m.mp4"
    if not made.exists():
        command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(short_clip(_MEGABITS))]
        command += ["-c:v", "copy", "-c:a", "aac", "-ar", "16000", "-ac", "1", "-b:a", "32k", str(made)]
        subprocess.run(command, check=True)
    return made


@contextmanager
def _footage(folder: Path, urls: list[str]) -> Iterator[list[int]]:
    house = open_house(load(data_dir=folder))
    for number, url in enumerate(urls):
        camera = Camera(id=uuid4(), archive_id=uuid4(), title=f"Camera {number}")
        house.cameras.add(camera, url)
    environment = {**os.environ, "FOOTAGE_LOG_LEVEL": "warning", "FOOTAGE_LOCAL_SOURCES": '["127.0.0.0/8"]'}
    command = [sys.executable, "-m", "footage", "record", "--data", str(folder)]
    parent = subprocess.Popen(command, env=environment)
    try:
        while sum(s.segments > 0 for s in house.cameras.statuses().values()) < len(urls):
            time.sleep(0.5)
        yield [parent.pid, *children_of(parent.pid)]
        dropped = [s for s in house.cameras.statuses().values() if s.segments_dropped or s.reconnects]
        if dropped:
            raise RuntimeError(f"{len(dropped)} cameras lost footage: {dropped[0]}")
    finally:
        parent.send_signal(signal.SIGTERM)
        parent.wait(60)
        house.close()


@contextmanager
def _ffmpeg(folder: Path, urls: list[str]) -> Iterator[list[int]]:
    processes = []
    for number, url in enumerate(urls):
        out = folder / str(number)
        out.mkdir()
        command = ["ffmpeg", "-v", "fatal", "-nostdin", "-rtsp_transport", "tcp", "-i", url, "-c", "copy"]
        command += ["-f", "segment", "-segment_time", "6", "-segment_format", "mpegts", str(out / "%d.ts")]
        processes.append(subprocess.Popen(command))
        time.sleep(0.05)
    try:
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def _measured(processes: list[int]) -> _Took:
    before, began = _cpu_s(processes), time.monotonic()
    time.sleep(_MEASURE_S)
    cpu_s, seconds = _cpu_s(processes) - before, time.monotonic() - began
    return _Took(
        100 * cpu_s / seconds / CAMERAS,
        _memory_mib(processes, "Rss") / CAMERAS,
        _memory_mib(processes, "Pss") / CAMERAS,
    )


def _cpu_s(processes: list[int]) -> float:
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in processes]
    return sum(int(f[11]) + int(f[12]) for f in fields) / _TICKS_PER_S


def _memory_mib(processes: list[int], what: str) -> float:
    total = 0
    for pid in processes:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(f"{what}:"):
                total += int(line.split()[1])
    return total / 1024
