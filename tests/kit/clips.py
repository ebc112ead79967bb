"""Clips of every kind that cameras and their owners produce, made with PyAV."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.video.frame import PictureType
from av.video.stream import VideoStream

from footage.media.gops import AnyPacket


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A tone: ``late_s`` after the pictures begin, for ``seconds``."""

    codec: str = "aac"
    rate: int = 48_000
    seconds: float = 10
    late_s: float = 0


@dataclass(frozen=True, kw_only=True)
class Clip:
    """What to make. ``vfr`` holds each picture for a random while; same seed, same clip."""

    seconds: int = 10
    size: tuple[int, int] = (320, 240)
    rate: Fraction = Fraction(25)
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    gop: int = 50
    options: dict[str, str] = field(default_factory=dict)
    sound: Sound | None = None
    vfr: bool = False
    format: str | None = None
    container_options: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


def make_clip(path: Path, clip: Clip) -> Path:
    """Make it, packets interleaved by time, and return ``path``."""
    with av.open(str(path), "w", format=clip.format, container_options=clip.container_options) as output:
        output.metadata.update(clip.metadata)
        video = output.add_stream(clip.codec, rate=clip.rate, options=dict(clip.options))
        assert isinstance(video, VideoStream)
        video.width, video.height = clip.size
        video.pix_fmt = clip.pix_fmt
        video.gop_size = clip.gop
        if clip.vfr:
            video.codec_context.time_base = Fraction(1, 1000)
        audio: AudioStream | None = None
        if clip.sound is not None:
            stream = output.add_stream(clip.sound.codec, rate=clip.sound.rate)
            assert isinstance(stream, AudioStream)
            stream.layout = "mono"
            audio = stream
        packets = _film(video, clip)
        if audio is not None and clip.sound is not None:
            packets += _record(audio, clip.sound)
        for packet in sorted(packets, key=lambda p: (p.dts or 0) * p.time_base):
            output.mux(packet)
    return path


def frames_in(path: Path) -> int:
    """How many pictures FFmpeg decodes from a file."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def _film(video: VideoStream, clip: Clip) -> list[AnyPacket]:
    width, height = clip.size
    source = f"testsrc2=size={width}x{height}:rate={clip.rate}:duration={clip.seconds}"
    moods = random.Random(1)
    packets: list[AnyPacket] = []
    moment = 0
    with av.open(source, format="lavfi") as test_source:
        for frame in test_source.decode(video=0):
            picture = frame.reformat(format=clip.pix_fmt)
            picture.pict_type = PictureType.NONE
            if clip.vfr:
                picture.pts, picture.time_base = moment, Fraction(1, 1000)
                moment += moods.choice([20, 40, 40, 100, 333, 900])
            packets += video.encode(picture)
    return packets + video.encode(None)


def _record(audio: AudioStream, sound: Sound) -> list[AnyPacket]:
    resampler = av.AudioResampler(
        audio.format.name, "mono", sound.rate, audio.codec_context.frame_size or 1024
    )
    packets: list[AnyPacket] = []
    late = round(sound.late_s * sound.rate)
    tone = f"sine=frequency=440:sample_rate={sound.rate}:duration={sound.seconds}"
    with av.open(tone, format="lavfi") as test_source:
        for frame in [*test_source.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                piece.pts = (piece.pts or 0) + late
                piece.time_base = Fraction(1, sound.rate)
                packets += audio.encode(piece)
    return packets + audio.encode(None)
