"""FFmpeg plays every playlist to the last picture: the libraries by PyAV, and Debian's ``ffmpeg``."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from footage.media.mpegts import TICKS_PER_MS, WRAP
from kit.clips import Clip, Sound, frames_in
from kit.films import HOUR_MS, WRAP_MS, Film, import_film
from kit.site import Site

FFMPEG = "/usr/bin/ffmpeg"
MODES: dict[str, dict[str, str]] = {
    "closed": {},
    "tagged": {"discontinuity": "true"},
    "filled": {"discontinuity": "true", "gaps": "true"},
}
TOLERANCE_TICKS = 2 * TICKS_PER_MS
SOUND_HOLE_MAX_S = 0.040

PLAIN = Clip(seconds=8, sound=Sound(seconds=8))
B_FRAMES = Clip(seconds=8, options={"bf": "3", "b-adapt": "0"}, sound=Sound(seconds=8))
H265 = Clip(seconds=8, codec="libx265", options={"x265-params": "log-level=error"}, sound=Sound(seconds=8))
G711 = Clip(seconds=8, sound=Sound(codec="pcm_alaw", rate=8000, seconds=8))
LONG_GOP = Clip(seconds=12, gop=250, options={"x264-params": "scenecut=0"}, sound=Sound(seconds=12))
VARIABLE = Clip(seconds=3, vfr=True)
LARGER = Clip(seconds=8, size=(640, 480), sound=Sound(seconds=8))

FILMS: dict[str, tuple[tuple[str, Clip], ...]] = {
    "plain": (("plain.mp4", PLAIN),) * 3,
    "b-frames": (("b-frames.mp4", B_FRAMES),) * 2,
    "h265": (("h265.mp4", H265),) * 2,
    "g711": (("g711.mov", G711),) * 2,
    "long GOP": (("long-gop.mp4", LONG_GOP),) * 2,
    "variable rate": (("variable.mkv", VARIABLE),) * 2,
    "sizes": (("plain.mp4", PLAIN), ("larger.mp4", LARGER), ("plain.mp4", PLAIN)),
}
ACROSS_THE_WRAP = ("plain", "b-frames", "h265")

Clips = Callable[[str, Clip], Path]


@dataclass
class Seen:
    """What came out: PTS of the pictures in ticks, and of the sound (start, end) in seconds."""

    pictures: list[int] = field(default_factory=list)
    sounds: list[tuple[Fraction, Fraction]] = field(default_factory=list)
    corrupt: int = 0


@pytest.fixture(scope="module")
def films(site: Site, clips: Clips) -> Callable[..., Film]:
    """Imports a film once: by name, and whether its first run crosses the wrap."""
    made: dict[tuple[str, bool], Film] = {}

    def film(name: str, *, wraps: bool = False) -> Film:
        if (name, wraps) not in made:
            paths = [clips(*clip) for clip in FILMS[name]]
            start = {"start_ms": WRAP_MS - 3000} if wraps else {}
            made[name, wraps] = import_film(site, paths, **start)
        return made[name, wraps]

    return film


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", FILMS)
def test_libav_decodes_every_picture_at_its_time(films: Callable[..., Film], name: str, mode: str) -> None:
    check_with_libav(films(name), mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ACROSS_THE_WRAP)
def test_libav_decodes_across_the_wrap_of_the_timestamps(
    films: Callable[..., Film], name: str, mode: str
) -> None:
    film = films(name, wraps=True)
    assert film.starts_ms[0] < WRAP_MS < film.starts_ms[1] - HOUR_MS
    check_with_libav(film, mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("name", "wraps"),
    [*((name, False) for name in FILMS), *((name, True) for name in ACROSS_THE_WRAP)],
)
def test_the_ffmpeg_program_decodes_every_picture(
    films: Callable[..., Film], name: str, mode: str, wraps: bool
) -> None:
    film = films(name, wraps=wraps)
    decoded, said = run_ffmpeg("-i", film.link.of("index.m3u8", **MODES[mode]))
    assert decoded == film.frames
    assert "corrupt" not in said.lower()
    assert "error while decoding" not in said.lower()


@pytest.mark.parametrize("name", ["plain", "b-frames", "h265"])
def test_the_ffmpeg_program_seeks_across_a_gap_that_is_closed(
    films: Callable[..., Film], name: str
) -> None:
    film = films(name)
    skipped_s = 10
    decoded, _ = run_ffmpeg("-ss", str(skipped_s), "-i", film.link.of("index.m3u8"))
    assert decoded == film.frames - skipped_s * 25


def check_with_libav(film: Film, mode: str) -> None:
    """Every picture comes, whole, at the time that the timeline promises; the sound has no hole."""
    seen = watch(film.link.of("index.m3u8", **MODES[mode]))
    expected = promised_ticks(film, closed=mode == "closed")
    assert len(seen.pictures) == len(expected) == film.frames
    worst = max(map(distance, seen.pictures, expected))
    assert worst <= TOLERANCE_TICKS, f"a picture is {worst / TICKS_PER_MS} ms away from its time"
    assert seen.corrupt == 0
    holes = [after[0] - before[1] for before, after in pairwise(seen.sounds)]
    if mode == "closed":
        assert max(map(abs, holes), default=0) <= SOUND_HOLE_MAX_S
    else:
        # Only where a run ends.
        assert sum(abs(hole) > SOUND_HOLE_MAX_S for hole in holes) <= len(film.clips) - 1


def watch(url: str) -> Seen:
    """Decode a playlist to its end."""
    seen = Seen()
    with av.open(url) as player:
        for packet in player.demux():
            seen.corrupt += packet.is_corrupt
            for frame in packet.decode():
                assert isinstance(frame, VideoFrame | AudioFrame)
                assert frame.pts is not None
                assert frame.time_base is not None
                at = frame.pts * frame.time_base
                if isinstance(frame, VideoFrame):
                    seen.corrupt += frame.is_corrupt
                    seen.pictures.append(round(at * 1000 * TICKS_PER_MS))
                else:
                    seen.sounds.append((at, at + Fraction(frame.samples, frame.sample_rate)))
    return seen


def promised_ticks(film: Film, *, closed: bool) -> list[int]:
    """When each picture is due: its clip's own time from where the timeline places the run."""
    entries = film.link.get("timeline").json()
    assert [entry["time"] for entry in entries] == list(film.starts_ms)
    due = []
    for clip, entry in zip(film.clips, entries, strict=True):
        at_ms = film.starts_ms[0] + entry["offset"] if closed else entry["time"]
        times = picture_times(clip)
        due += [at_ms * TICKS_PER_MS + round((time - times[0]) * 1000 * TICKS_PER_MS) for time in times]
    return due


def picture_times(clip: Path) -> list[Fraction]:
    """The times of a clip's pictures, in seconds, ascending."""
    with av.open(str(clip)) as container:
        return [
            frame.pts * frame.time_base
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]


def distance(one: int, other: int) -> int:
    """How far two timestamps are apart on the circle of 33 bits."""
    apart = (one - other) % WRAP
    return min(apart, WRAP - apart)


def run_ffmpeg(*arguments: str) -> tuple[int, str]:
    """How many pictures the program decoded, and what it warned of."""
    done = subprocess.run(
        [FFMPEG, "-nostdin", "-v", "warning", "-progress", "-", *arguments, "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    counts = [line.removeprefix("frame=") for line in done.stdout.split() if line.startswith("frame=")]
    return int(counts[-1]), done.stderr


def test_the_clips_are_what_they_are_named_for(clips: Clips) -> None:
    """Else the tests above would prove less than they say."""
    with av.open(str(clips("b-frames.mp4", B_FRAMES))) as container:
        assert any(packet.pts != packet.dts for packet in container.demux(video=0))
    with av.open(str(clips("long-gop.mp4", LONG_GOP))) as container:
        keyframes = [(p.pts or 0) * p.time_base for p in container.demux(video=0) if p.is_keyframe]
    assert keyframes == [0, 10]
    steps = {b - a for a, b in pairwise(picture_times(clips("variable.mkv", VARIABLE)))}
    assert len(steps) > 3
    assert frames_in(clips("plain.mp4", PLAIN)) == 200
