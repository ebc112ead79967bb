"""A long file taken in, against ffmpeg cutting the same file into segments; and the memory it takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from bench import WORK
from bench.clips import long_clip
from bench.measure import Figure, Suite, Target, ratios
from kit.server import footage_json

ROUNDS = 5
_MEGABITS = 6
_LONG_BYTES = 1_000_000_000
_START_MS = 1_700_000_000_000
_MIB = 1 << 20
_HOW = f"""\
A file of {{long_gb:.2f}} GB (MP4, 1080p H.264 at {_MEGABITS} Mbit/s, AAC), in the page cache: \
`footage import` into a new archive, then `ffmpeg -c copy -f segment -segment_time 6` into MPEG-TS \
files, {ROUNDS} rounds, from the start of each process to its end, what was written before on the disk \
and out of the way. Footage syncs every block to the disk before it commits it, ffmpeg syncs nothing. \
Memory is the highest resident size (VmHWM) of the process; {{short_mb:.0f}} MB is the same minute \
repeated a quarter as often."""


@dataclass(frozen=True)
class Ran:
    """What a process took."""

    seconds: float
    peak_bytes: int


def run() -> Suite:
    """Measure."""
    long, short = long_clip(_MEGABITS, _LONG_BYTES), long_clip(_MEGABITS, _LONG_BYTES // 4)
    rounds = [(_import(long), _segment(long), _import(short)) for _ in range(1 + ROUNDS)]
    ours, theirs, of_short = zip(*rounds[1:], strict=True)
    megabytes = long.stat().st_size / 1e6
    figures = (
        Figure(
            "import's speed / ffmpeg's",
            "x",
            ratios([ran.seconds for ran in theirs], [ran.seconds for ran in ours]),
            Target(at_least=0.5),
        ),
        Figure("import", "MB/s", tuple(megabytes / ran.seconds for ran in ours)),
        Figure("ffmpeg", "MB/s", tuple(megabytes / ran.seconds for ran in theirs)),
        _memory(f"memory of the import, {megabytes:.0f} MB", ours),
        _memory(f"memory of the import, {short.stat().st_size / 1e6:.0f} MB", of_short),
    )
    how = _HOW.format(long_gb=megabytes / 1000, short_mb=short.stat().st_size / 1e6)
    return Suite("Imports", how, figures)


def _memory(what: str, of: Sequence[Ran]) -> Figure:
    return Figure(what, "MiB", tuple(ran.peak_bytes / _MIB for ran in of), Target(at_most=200))


def _import(file: Path) -> Ran:
    with TemporaryDirectory(prefix="import-", dir=WORK) as folder:
        data = Path(folder)
        camera = str(footage_json("camera", "add", "Street", data=data)["id"])
        return ran(
            *(sys.executable, "-m", "footage", "import", str(file)),
            *("--camera", camera, "--start", str(_START_MS), "--data", str(data), "--json"),
        )


def _segment(file: Path) -> Ran:
    with TemporaryDirectory(prefix="segment-", dir=WORK) as folder:
        return ran(
            *("ffmpeg", "-v", "error", "-nostdin", "-i", str(file), "-c", "copy", "-f", "segment"),
            *("-segment_time", "6", "-segment_format", "mpegts", f"{folder}/%06d.ts"),
        )


def ran(*command: str) -> Ran:
    """Run it alone: the disk has nothing left to write from before."""
    os.sync()
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = _Peak(process.pid)
    peak.start()
    code = process.wait()
    seconds = time.perf_counter() - started
    peak.ended.set()
    peak.join()
    if code:
        raise RuntimeError(f"{command[0]} ended with {code}")
    return Ran(seconds, peak.bytes)


class _Peak(Thread):
    """Reads a process's VmHWM until it ends.

    The kernel counts it, so looking now and then misses only the last moment. What wait4 tells
    would hold this process's own size too, from before the other began its program.
    """

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._status = Path(f"/proc/{pid}/status")
        self.ended = Event()
        self.bytes = 0

    def run(self) -> None:
        while not self.ended.wait(0.02):
            for line in self._status.read_text().splitlines():
                if line.startswith("VmHWM:"):
                    self.bytes = max(self.bytes, int(line.split()[1]) * 1024)
