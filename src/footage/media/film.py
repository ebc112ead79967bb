"""Publishes live media to an RTSP server: a test picture with a clock, or a clip over and over.

Each publisher is a process of its own: FFmpeg holds the interpreter's lock while it announces itself,
so a server in the same process could never answer it. It publishes in real time until it is closed
and does not come back by itself.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Literal, Self

import av
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container.output import OutputContainer
from av.packet import Packet
from av.video.frame import PictureType
from av.video.stream import VideoStream

from footage.media.errors import Broken
from footage.media.gops import AnyPacket
from footage.media.pattern import LivePicture

_PATIENCE_SECONDS = 20
_TAKEN, _END = -1, -2
_TONE_HZ = 440
_BEEP_MS = 100
_LOUDNESS = 0.05
_TELEPHONE_RATE = 8000
_TELEPHONE_SAMPLES = 160
"""20 ms, the packet of G.711 (RFC 3551, 4.2)."""


def wall_clock() -> int:
    """The machine's own time, in ms since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, kw_only=True)
class Shot:
    """How a test picture is filmed.

    ``parameter_sets`` tells where a player finds them: in the session description, in the stream
    before each keyframe, or both. ``sound`` is a soft tone: all the time, or at each full second of
    the clock. ``bit_rate`` 0 leaves the size to a constant quality.
    """

    size: tuple[int, int] = (320, 240)
    rate: int = 25
    gop: int = 25
    codec: Literal["h264", "hevc"] = "h264"
    bit_rate: int = 0
    parameter_sets: Literal["described", "in_band", "both"] = "both"
    audio: Literal["aac", "pcm_mulaw", "pcm_alaw"] | None = None
    sound: Literal["beep", "tone"] = "beep"
    hue: int = 0


class Publisher:
    """A process that publishes until it is closed. Use as a context manager, or start and close.

    It ends by itself where the server hangs up, and where the one who started it dies. ``pictures``
    is how many it published, known once it is closed.
    """

    def __init__(self, work: Callable[..., int], *settings: object) -> None:
        self.pictures = 0
        self._work = (work, settings)
        self._process: SpawnProcess | None = None
        self._line: Connection | None = None

    @property
    def alive(self) -> bool:
        """Whether it still publishes."""
        return self._process is not None and self._process.is_alive()

    def start(self) -> None:
        """Publish, and return when the server has taken it. Raises Broken where it does not."""
        context = get_context("spawn")
        self._line, end = context.Pipe()
        self._process = context.Process(target=_publish, args=(end, *self._work), daemon=True)
        self._process.start()
        end.close()
        try:
            taken = self._line.poll(_PATIENCE_SECONDS) and self._line.recv() == _TAKEN
        except EOFError:
            taken = False
        if not taken:
            self.close()
            # FFmpeg's reason is left out: it holds the URL, which may hold a password.
            raise Broken("the server did not take what was to be published")

    def close(self) -> None:
        """End, and wait for it. May be called twice."""
        if self._line is not None and self._process is not None:
            with suppress(OSError, EOFError):
                self._line.send(_END)
            with suppress(OSError, EOFError):
                self.pictures = self._line.recv() if self._line.poll(_PATIENCE_SECONDS) else 0
            self._line.close()
            self._process.join(_PATIENCE_SECONDS)
            self._process.kill()
            self._process.join()
        self._line = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def clock_publisher(
    url: str, shot: Shot | None = None, *, clock: Callable[[], int] = wall_clock
) -> Publisher:
    """Films a test picture that shows the clock, with its moment and number in the strip.

    ``clock`` tells the wall time in ms and is asked once a picture, in the process that films: it
    must be picklable. A picture that comes a whole one too late is left out, so timestamps and clock
    stay together on a busy machine.
    """
    return Publisher(_film_clock, url, Shot() if shot is None else shot, clock)


def clip_publisher(url: str, path: Path) -> Publisher:
    """Publishes a clip's picture and sound as they are, in real time, over and over.

    Packets go out in bursts of 40 ms, so that a relay has a few large chunks to hand on.
    """
    return Publisher(_loop_clip, url, path)


class _Line:
    """The publishing side's end of the line to the one who started it."""

    def __init__(self, end: Connection) -> None:
        self._end = end

    def say(self, what: int) -> None:
        with suppress(OSError):
            self._end.send(what)

    def sleep_until(self, moment: float) -> bool:
        """Wait for a moment of the monotonic clock; False where the end came first."""
        try:
            return not self._end.poll(max(0.0, moment - time.monotonic()))
        except OSError:
            return False


def _publish(end: Connection, work: Callable[..., int], settings: tuple[object, ...]) -> None:
    # Ctrl-C reaches the whole group; the one who started this tells it when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = _Line(end)
    # A server that is not there or hangs up is no fault of this side: the line tells by its end.
    with suppress(OSError):
        line.say(work(line, *settings))


@contextmanager
def _output(url: str) -> Iterator[OutputContainer]:
    output = av.open(url, "w", format="rtsp", options={"rtsp_transport": "tcp"})
    try:
        yield output
    finally:
        with suppress(OSError):
            output.close()


def _film_clock(line: _Line, url: str, shot: Shot, clock: Callable[[], int]) -> int:
    pictures, slot = 0, 0
    picture = LivePicture(*shot.size, hue=shot.hue)
    with _output(url) as output, suppress(OSError):
        video = _video_track(output, shot)
        sound = None if shot.audio is None else _Sound(output, shot)
        output.start_encoding()
        line.say(_TAKEN)
        begin = time.monotonic()
        while line.sleep_until(begin + slot / shot.rate):
            moment_ms = clock()
            frame = picture.at(moment_ms, pictures)
            frame.pts, frame.time_base = slot, Fraction(1, shot.rate)
            frame.pict_type = PictureType.I if pictures % shot.gop == 0 else PictureType.NONE
            output.mux(video.encode(frame))
            pictures += 1
            following = max(slot + 1, int((time.monotonic() - begin) * shot.rate))
            if sound is not None:
                output.mux(sound.until(Fraction(following, shot.rate), moment_ms))
            slot = following
    return pictures


def _video_track(output: OutputContainer, shot: Shot) -> VideoStream:
    options = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"}
    in_band = int(shot.parameter_sets != "described")
    if shot.codec == "h264":
        options["x264-params"] = f"keyint={shot.gop}:scenecut=0:repeat-headers={in_band}"
    else:
        options["x265-params"] = (
            f"log-level=none:pools=none:frame-threads=1:keyint={shot.gop}:scenecut=0"
            f":repeat-headers={in_band}"
        )
    track = output.add_stream(
        "libx264" if shot.codec == "h264" else "libx265", rate=shot.rate, options=options
    )
    assert isinstance(track, VideoStream)
    track.width, track.height = shot.size
    track.pix_fmt = "yuv420p"
    track.gop_size = shot.gop
    context = track.codec_context
    context.thread_count = 1
    context.time_base = Fraction(1, shot.rate)
    if shot.bit_rate:
        context.bit_rate = shot.bit_rate
    if shot.parameter_sets == "in_band":
        # Without a global header nothing is known to describe.
        context.flags &= ~Flags.global_header
    return track


class _Sound:
    """The sound beside the picture, made as far as the picture has come."""

    def __init__(self, output: OutputContainer, shot: Shot) -> None:
        self._beeps = shot.sound == "beep"
        self._rate = 48_000 if shot.audio == "aac" else _TELEPHONE_RATE
        track = output.add_stream(shot.audio or "aac", rate=self._rate)
        assert isinstance(track, AudioStream)
        track.layout = "mono"
        self._track = track
        self._format = "fltp" if shot.audio == "aac" else "s16"
        self._fifo = AudioFifo()
        self._made = 0

    def until(self, end: Fraction, moment_ms: int) -> list[Packet[AudioStream]]:
        """The packets of the samples up to ``end`` seconds, the first of which are of ``moment_ms``."""
        count = int(end * self._rate) - self._made
        passed = np.arange(self._made, self._made + count) / self._rate
        wave = _LOUDNESS * np.sin(2 * np.pi * _TONE_HZ * passed)
        if self._beeps:
            in_second_ms = (moment_ms + np.arange(count) * 1000 / self._rate) % 1000
            wave *= in_second_ms < _BEEP_MS
        samples = wave.astype(np.float32) if self._format == "fltp" else (wave * 32_767).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format=self._format, layout="mono")
        frame.sample_rate, frame.time_base = self._rate, Fraction(1, self._rate)
        frame.pts = self._made
        self._made += count
        self._fifo.write(frame)
        packets = []
        size = self._track.codec_context.frame_size or _TELEPHONE_SAMPLES
        while (whole := self._fifo.read(size)) is not None:
            packets += self._track.encode(whole)
        return packets


def _loop_clip(line: _Line, url: str, path: Path) -> int:
    pictures, burst = 0, 0.0
    with _output(url) as output, suppress(OSError):
        with av.open(str(path)) as clip:
            tracks = {
                stream.index: output.add_stream_from_template(stream)
                for stream in (*clip.streams.video[:1], *clip.streams.audio[:1])
            }
        output.start_encoding()
        line.say(_TAKEN)
        begin = time.monotonic()
        for packet, due in _endless(path, set(tracks)):
            if due > burst:
                burst = due + 0.04
                if not line.sleep_until(begin + due):
                    break
            pictures += packet.stream.type == "video"
            packet.stream = tracks[packet.stream.index]
            output.mux_one(packet)
    return pictures


def _endless(path: Path, wanted: set[int]) -> Iterator[tuple[AnyPacket, float]]:
    """A clip's packets round after round, timestamps rising, each with when it is due."""
    # Sound often begins a little before zero: what its encoder needs to find its feet.
    begin = -min(_first_moments(path, wanted).values())
    shift = begin
    while True:
        end = shift
        for packet in _packets(path, wanted):
            assert packet.dts is not None
            assert packet.pts is not None
            base = packet.time_base
            due = shift + packet.dts * base
            end = max(end, due + (packet.duration or 0) * base)
            packet.pts += round(shift / base)
            packet.dts += round(shift / base)
            yield packet, float(due)
        shift = end + begin


def _first_moments(path: Path, wanted: set[int]) -> dict[int, Fraction]:
    found: dict[int, Fraction] = {}
    for packet in _packets(path, wanted):
        found.setdefault(packet.stream.index, (packet.dts or 0) * packet.time_base)
        if len(found) == len(wanted):
            break
    return found


def _packets(path: Path, wanted: set[int]) -> Iterator[AnyPacket]:
    with av.open(str(path)) as clip:
        for packet in clip.demux(*(clip.streams[index] for index in sorted(wanted))):
            if packet.dts is not None and packet.pts is not None:
                yield packet
