"""Exported movies looked at: what FFmpeg shows of them and when, their boxes, and footage that tells time.

A picture that tells time carries its moment as a strip, and a click sounds at each full second of it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from footage.media.gops import AnyPacket
from footage.media.pattern import LivePicture, read_strip

FFMPEG = "/usr/bin/ffmpeg"
CLICK_MS = 5
FRAME_MS = 40


@dataclass
class Shown:
    """What PyAV makes of a movie: times in ms."""

    pictures: list[float] = field(default_factory=list)
    moments: list[int | None] = field(default_factory=list)
    sound: list[tuple[float, NDArray[np.float32]]] = field(default_factory=list)
    duration_ms: float = 0
    corrupt: int = 0
    rate: int = 0

    @property
    def clicks_by_time(self) -> list[float]:
        """When clicks are heard by a player that goes by the sound's timestamps."""
        return _clicks(self.sound, self.rate)

    @property
    def clicks_laid(self) -> list[float]:
        """When they are heard by one that plays frame after frame."""
        at, laid = self.sound[0][0] if self.sound else 0.0, []
        for _, samples in self.sound:
            laid.append((at, samples))
            at += len(samples) * 1000 / self.rate
        return _clicks(laid, self.rate)


def watch(path: Path | str) -> Shown:
    """Decode a movie to its end; moments where its pictures tell them."""
    shown = Shown()
    with av.open(str(path)) as movie:
        shown.duration_ms = (movie.duration or 0) / 1000
        shown.rate = movie.streams.audio[0].rate if movie.streams.audio else 0
        for packet in movie.demux():
            shown.corrupt += packet.is_corrupt
            for frame in packet.decode():
                assert isinstance(frame, VideoFrame | AudioFrame)
                assert frame.pts is not None
                assert frame.time_base is not None
                at_ms = float(frame.pts * frame.time_base * 1000)
                if isinstance(frame, VideoFrame):
                    shown.corrupt += frame.is_corrupt
                    shown.pictures.append(at_ms)
                    shown.moments.append(moment_of(frame))
                else:
                    samples = frame.to_ndarray()[0].astype(np.float32)
                    shown.sound.append((at_ms, samples))
    return shown


def count_by_ffmpeg(path: Path | str) -> tuple[int, str]:
    """How many pictures the program decodes, and what it warns of."""
    done = subprocess.run(
        [FFMPEG, "-nostdin", "-v", "warning", "-progress", "-", "-i", str(path), "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    counts = [line.removeprefix("frame=") for line in done.stdout.split() if line.startswith("frame=")]
    return int(counts[-1]), done.stderr


def boxes(data: bytes, *path: bytes) -> list[bytes]:
    """The contents of every box at a path, such as ``moov, trak, edts, elst``."""
    kind, *below = path
    found = []
    for name, content in _children(data):
        if name == kind:
            found += boxes(content, *below) if below else [content]
    return found


def _children(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        yield data[at + 4 : at + 8], data[at + head : at + size]
        at += size


@dataclass(frozen=True, kw_only=True)
class TellingClip:
    """Footage whose first picture is taken at ``start_ms``."""

    start_ms: int
    seconds: int
    rate: int = 25
    gop: int = 50
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=dict)
    sound_rate: int | None = 48_000
    size: tuple[int, int] = (320, 240)


def make_telling_clip(path: Path, clip: TellingClip) -> Path:
    """Make it, and return ``path``."""
    with av.open(str(path), "w") as output:
        video = output.add_stream(clip.codec, rate=clip.rate, options=dict(clip.options))
        assert isinstance(video, VideoStream)
        video.width, video.height = clip.size
        video.pix_fmt, video.gop_size = "yuv420p", clip.gop
        audio: AudioStream | None = None
        if clip.sound_rate:
            stream = output.add_stream("aac", rate=clip.sound_rate)
            assert isinstance(stream, AudioStream)
            stream.layout = "mono"
            audio = stream
        packets = list(_film(video, clip))
        if audio is not None:
            packets += _clicking(audio, clip)
        for packet in sorted(packets, key=lambda p: (p.dts or 0) * p.time_base):
            output.mux(packet)
    return path


def _film(video: VideoStream, clip: TellingClip) -> Iterator[AnyPacket]:
    picture = LivePicture(*clip.size)
    for number in range(clip.seconds * clip.rate):
        frame = picture.at(clip.start_ms + number * 1000 // clip.rate, number)
        frame.pts, frame.time_base = number, Fraction(1, clip.rate)
        frame.pict_type = PictureType.NONE
        yield from video.encode(frame)
    yield from video.encode(None)


def _clicking(audio: AudioStream, clip: TellingClip) -> Iterator[AnyPacket]:
    rate = clip.sound_rate or 0
    samples = np.zeros(clip.seconds * rate, np.float32)
    first = -clip.start_ms % 1000
    for at_ms in range(first, clip.seconds * 1000, 1000):
        at = at_ms * rate // 1000
        samples[at : at + CLICK_MS * rate // 1000] = 0.9
    for at in range(0, len(samples) // 1024 * 1024, 1024):
        frame = AudioFrame.from_ndarray(samples[None, at : at + 1024], "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        yield from audio.encode(frame)
    yield from audio.encode(None)


def moment_of(frame: VideoFrame) -> int | None:
    """The moment that a picture tells; None where it tells none."""
    plane = frame.planes[0]
    luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:, : plane.width]
    try:
        return read_strip(luma[: plane.height])[0]
    except ValueError:
        return None


def clicks_are_in_step(shown: Shown, moments: Sequence[int], times: Sequence[float]) -> None:
    """A click is heard when a picture of a full second is shown, whichever way sound is played.

    But for one right at the start of a run: AAC needs the frame before.
    """
    told = list(zip(moments, times, strict=True))
    due = [
        time
        for (before, _), (moment, time) in pairwise(told)
        if moment % 1000 == 0 and moment - before == FRAME_MS
    ]
    for clicks in (shown.clicks_by_time, shown.clicks_laid):
        for time in due[1:-1]:
            assert min(abs(click - time) for click in clicks) <= 40


def _clicks(frames: list[tuple[float, NDArray[np.float32]]], rate: int) -> list[float]:
    """Moments at which loud sound begins after quiet."""
    found: list[float] = []
    for at_ms, samples in frames:
        for place in np.flatnonzero(np.abs(samples) > 0.3).tolist():
            heard_ms = at_ms + place * 1000 / rate
            if not found or heard_ms - found[-1] > 300:
                found.append(heard_ms)
    return found
