"""Footage as a camera sends it, encoded once and made long by copying."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

from bench import WORK

RATE = 25
GOP = 50
_SECONDS = 60


def short_clip(megabits: int) -> Path:
    """A minute of 1080p H.264 and AAC: 25 pictures a second, a keyframe every 2 s, a noisy sensor."""
    made = WORK / f"minute-{megabits}m.mp4"
    if not made.exists():
        _ffmpeg(
            made,
            *("-f", "lavfi", "-i", f"testsrc2=size=1920x1080:rate={RATE}:duration={_SECONDS}"),
            *("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={_SECONDS}"),
            *("-vf", "noise=alls=8:allf=t,format=yuv420p"),
            *("-c:v", "libx264", "-preset", "veryfast", "-bf", "0"),
            *("-g", f"{GOP}", "-keyint_min", f"{GOP}", "-sc_threshold", "0"),
            *("-b:v", f"{megabits}M", "-maxrate", f"{megabits}M", "-bufsize", f"{2 * megabits}M"),
            *("-c:a", "aac", "-b:a", "64k"),
        )
    return made


def long_clip(megabits: int, size_bytes: int) -> Path:
    """The same minute again and again, until the file has at least that size."""
    made = WORK / f"{size_bytes // 1_000_000}-mb-{megabits}m.mp4"
    if not made.exists():
        minute = short_clip(megabits)
        again = math.ceil(size_bytes / minute.stat().st_size) - 1
        _ffmpeg(made, "-stream_loop", f"{again}", "-i", f"{minute}", "-c", "copy")
    return made


def _ffmpeg(made: Path, *arguments: str) -> None:
    WORK.mkdir(exist_ok=True)
    half_made = made.with_name(f"half-made-{made.name}")
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments, half_made], check=True)
    half_made.rename(made)
