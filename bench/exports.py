"""An hour exported, as a file and as a stream, against ffmpeg copying the same footage; and the memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench import WORK
from bench.clips import long_clip
from bench.imports import Ran, ran
from bench.measure import Figure, Suite, Target, ratios
from kit.exports import ask, exporter_pid, wait_until_done
from kit.server import SignedLink, footage_json, http_workers, running_server

ROUNDS = 5
_MEGABITS = 4
_LONG_BYTES = 1_800_000_000
_START_MS = 1_790_000_000_000
_MIB = 1 << 20
_LITTLE = Target(at_most=100)
_FAST = Target(at_least=0.7)
_HOW = f"""\
An hour of 1080p H.264 at {_MEGABITS} Mbit/s with AAC, {{gigabytes:.2f}} GB in block files of a \
minute, in the page cache; {ROUNDS} rounds, one side after the other, nothing left to write before \
each. `ffmpeg -c copy` reads the same block files by its concat demuxer. As a file: `POST exports` \
until the export is done, asked every 50 ms, against `ffmpeg -movflags +faststart` (the background \
export also checks each segment's CRC-32, makes a SHA-256 of each segment and of the file, and syncs \
it; it runs at a lower priority), and `footage export` from its start to its end. As a stream: `curl` \
of `export.mp4` against ffmpeg writing fragments into a pipe, both read by `cat` into nothing. Memory \
is how far the highest resident size (VmHWM) of the HTTP worker rises over what it was after one small \
export, and VmHWM of the process that makes exports."""


@dataclass(frozen=True)
class _Round:
    """Seconds of each side."""

    background: float
    command: Ran
    ffmpeg_file: float
    stream: float
    ffmpeg_stream: float
    first_byte_ms: float


def run() -> Suite:
    """Measure."""
    with TemporaryDirectory(prefix="exports-", dir=WORK) as folder:
        data, made = Path(folder, "data"), Path(folder, "made")
        made.mkdir()
        camera = str(footage_json("camera", "add", "Street", data=data)["id"])
        command = (sys.executable, "-m", "footage", "import", str(long_clip(_MEGABITS, _LONG_BYTES)))
        ran(*command, "--camera", camera, "--start", str(_START_MS), "--data", str(data), "--json")
        blocks = made / "blocks.txt"
        blocks.write_text("".join(f"file '{path}'\n" for path in sorted(data.rglob("*.ts"))))
        size_bytes = sum(path.stat().st_size for path in data.rglob("*.ts"))
        with running_server(data) as server:
            link = server.link(camera)
            idle = _peak(exporter_pid(server))
            wait_until_done(link, ask(link, start=_START_MS, duration=6000)["id"])
            link.get("export.mp4", start=_START_MS, duration=6000)
            [worker], maker = http_workers(server), exporter_pid(server)
            before = _peak(worker)
            rounds = [_round(link, data, camera, made, blocks) for _ in range(1 + ROUNDS)][1:]
            added = _peak(worker) - before
            total = _peak(maker)
    return Suite(
        "Exports",
        _HOW.format(gigabytes=size_bytes / 1e9),
        _figures(rounds, size_bytes, added, (idle, total)),
    )


def _figures(
    rounds: list[_Round], size_bytes: int, added: int, maker: tuple[int, int]
) -> tuple[Figure, ...]:
    megabytes = size_bytes / 1e6

    def of(side: Callable[[_Round], float]) -> tuple[float, ...]:
        return tuple(side(each) for each in rounds)

    def speed(what: str, side: Callable[[_Round], float]) -> Figure:
        return Figure(what, "MB/s", tuple(megabytes / seconds for seconds in of(side)))

    background, ffmpeg_file = of(lambda r: r.background), of(lambda r: r.ffmpeg_file)
    command = of(lambda r: r.command.seconds)
    stream, ffmpeg_stream = of(lambda r: r.stream), of(lambda r: r.ffmpeg_stream)
    return (
        Figure("background export's speed / ffmpeg's", "x", ratios(ffmpeg_file, background), _FAST),
        Figure("`footage export`'s speed / ffmpeg's", "x", ratios(ffmpeg_file, command), _FAST),
        Figure("streamed export's speed / ffmpeg's", "x", ratios(ffmpeg_stream, stream), _FAST),
        Figure("first byte of export.mp4", "ms", of(lambda r: r.first_byte_ms), Target(at_most=200)),
        speed("background export", lambda r: r.background),
        speed("`footage export`", lambda r: r.command.seconds),
        speed("ffmpeg, faststart", lambda r: r.ffmpeg_file),
        speed("streamed export", lambda r: r.stream),
        speed("ffmpeg, fragments", lambda r: r.ffmpeg_stream),
        Figure("memory added in the HTTP worker", "MiB", (added / _MIB,), _LITTLE),
        Figure(
            "memory added in the process that makes exports",
            "MiB",
            ((maker[1] - maker[0]) / _MIB,),
            _LITTLE,
        ),
        Figure("memory of that process", "MiB", (maker[1] / _MIB,)),
        Figure("memory of `footage export`", "MiB", of(lambda r: r.command.peak_bytes / _MIB)),
    )


def _round(link: SignedLink, data: Path, camera: str, made: Path, blocks: Path) -> _Round:
    made_ids: list[str] = []
    background = _timed(lambda: made_ids.append(_in_background(link)))
    httpx.delete(link.of(f"exports/{made_ids[0]}"), timeout=60).raise_for_status()
    clip = made / "clip.mp4"
    command = ran(
        *(sys.executable, "-m", "footage", "export", camera, "--data", str(data)),
        *("--out", str(clip), "--force", "--json"),
    )
    clip.unlink()
    copy: tuple[str | Path, ...] = (
        "ffmpeg",
        "-v",
        "error",
        "-nostdin",
        "-y",
        "-f",
        "concat",
        "-safe",
        "0",
        "-i",
        blocks,
    )
    copy += ("-c", "copy", "-bsf:a", "aac_adtstoasc")
    ffmpeg_file = _timed(lambda: subprocess.run([*copy, "-movflags", "+faststart", clip], check=True))
    clip.unlink()
    stream = _timed(lambda: _piped("curl", "-sf", link.of("export.mp4")))
    pieces = ("-movflags", "+frag_keyframe+empty_moov", "-f", "mp4", "-")
    ffmpeg_stream = _timed(lambda: _piped(*copy, *pieces))
    return _Round(background, command, ffmpeg_file, stream, ffmpeg_stream, _first_byte_ms(link))


def _in_background(link: SignedLink) -> str:
    """Make one; its id."""
    export_id: str = ask(link)["id"]
    wait_until_done(link, export_id)
    return export_id


def _first_byte_ms(link: SignedLink) -> float:
    """Until the first byte of the body, on a connection that stands."""
    with httpx.Client(timeout=60) as client:
        client.get(link.of("size")).raise_for_status()
        started = time.perf_counter()
        with client.stream("GET", link.of("export.mp4")) as response:
            next(response.iter_raw(1))
            return (time.perf_counter() - started) * 1000


def _piped(*command: str | Path) -> None:
    """Run it, its output read and thrown away by another process."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        subprocess.run(["cat"], stdin=writer.stdout, stdout=subprocess.DEVNULL, check=True)
    if writer.returncode:
        raise RuntimeError(f"{command[0]} ended with {writer.returncode}")


def _timed(call: Callable[[], object]) -> float:
    # The disk has nothing left to write from before.
    os.sync()
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _peak(pid: int) -> int:
    """A process's highest resident size."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
