"""What a segment cannot hold is encoded anew: sound to AAC, pictures to H.264.

MPEG-TS has no mapping for G.711 and its kin, and players know no others in it than AAC; MJPEG
and MPEG-4 no browser plays. Times stay those of the source.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from typing import Generic, TypeVar

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.frame import Frame
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from footage.media.gops import TICKS_PER_SECOND, AnyPacket

TICK = Fraction(1, TICKS_PER_SECOND)
_AAC_RATES = (32_000, 44_100, 48_000)
"""Below 32 kHz players take AAC for HE-AAC, so slower sound (G.711: 8 kHz) is resampled."""
_SOUND_JUMP = TICKS_PER_SECOND // 20
_KEYFRAME_EVERY = 2 * TICKS_PER_SECOND


F = TypeVar("F", bound=Frame)


class _Transcoder(Generic[F]):
    """Decodes the packets of one stream; what becomes of a frame is the subclass's business."""

    def __init__(self, decode: Callable[[AnyPacket | None], list[F]]) -> None:
        self._decode = decode

    def push(self, packet: AnyPacket) -> list[AnyPacket]:
        """Take a packet of the source; packets in ticks come out. Undecodable ones are skipped."""
        try:
            frames = self._decode(packet)
        except av.error.InvalidDataError:
            return []
        return [done for frame in frames for done in self._frame(frame)]

    def flush(self) -> list[AnyPacket]:
        """The source has ended."""
        frames = self._decode(None)
        return [*(done for frame in frames for done in self._frame(frame)), *self._drain()]

    def _frame(self, frame: F) -> list[AnyPacket]:
        raise NotImplementedError

    def _drain(self) -> list[AnyPacket]:
        raise NotImplementedError


class AudioTranscoder(_Transcoder[AudioFrame]):
    """Any sound becomes AAC, mono or stereo, its times those of the source."""

    def __init__(self, source: AudioStream) -> None:
        super().__init__(source.codec_context.decode)
        self._rate = source.rate if source.rate in _AAC_RATES else _AAC_RATES[-1]
        self._layout = "mono" if source.channels == 1 else "stereo"
        self._expected: int | None = None
        self._begin()

    def _begin(self) -> None:
        self._output = av.open(io.BytesIO(), "w", format="mpegts")
        bit_rate = 64_000 if self._layout == "mono" else 128_000
        self.stream = self._output.add_stream("aac", rate=self._rate, layout=self._layout)
        self.stream.bit_rate = bit_rate
        self._output.start_encoding()
        self._resampler = AudioResampler(
            "fltp", self._layout, self._rate, self.stream.codec_context.frame_size
        )

    def _frame(self, frame: AudioFrame) -> list[AnyPacket]:
        done: list[AnyPacket] = []
        if frame.pts is not None and frame.time_base is not None:
            at = round(frame.pts * frame.time_base * TICKS_PER_SECOND)
            if self._expected is not None and abs(at - self._expected) > _SOUND_JUMP:
                # The encoder would stretch the sound over the hole; it begins anew after it.
                done += self._drain()
                self._begin()
            self._expected = at
        length = round(Fraction(frame.samples, frame.sample_rate) * TICKS_PER_SECOND)
        self._expected = (self._expected or 0) + length
        for resampled in self._resampler.resample(frame):
            done += self.stream.encode(resampled)
        return [_in_ticks(packet) for packet in done]

    def _drain(self) -> list[AnyPacket]:
        done: list[AnyPacket] = []
        for resampled in self._resampler.resample(None):
            done += self.stream.encode(resampled)
        done += self.stream.encode(None)
        return [_in_ticks(packet) for packet in done]


class VideoTranscoder(_Transcoder[VideoFrame]):
    """Any pictures become H.264 (4:2:0, 8 bit), a keyframe every 2 s, their times kept."""

    def __init__(self, source: VideoStream) -> None:
        super().__init__(source.codec_context.decode)
        self._output = av.open(io.BytesIO(), "w", format="mpegts")
        rate = source.average_rate or source.guessed_rate or Fraction(25)
        self.stream = self._output.add_stream(
            "libx264",
            rate=rate,
            options={"preset": "veryfast", "crf": "20", "bf": "0", "forced-idr": "1"},
        )
        # 4:2:0 halves both sides; an odd picture loses its last line or column.
        self.stream.width = max(source.width & ~1, 2)
        self.stream.height = max(source.height & ~1, 2)
        self.stream.pix_fmt = "yuv420p"
        self.stream.codec_context.time_base = TICK
        self.stream.codec_context.gop_size = 100_000
        self._output.start_encoding()
        self._last_keyframe: int | None = None

    def _frame(self, frame: VideoFrame) -> list[AnyPacket]:
        if frame.pts is None or frame.time_base is None:
            return []
        pts = round(frame.pts * frame.time_base * TICKS_PER_SECOND)
        picture = frame.reformat(
            self.stream.width,
            self.stream.height,
            "yuv420p",
            dst_color_range=ColorRange.MPEG,
        )
        picture.pts, picture.time_base = pts, TICK
        due = self._last_keyframe is None or not 0 <= pts - self._last_keyframe < _KEYFRAME_EVERY
        picture.pict_type = PictureType.I if due else PictureType.NONE
        if due:
            self._last_keyframe = pts
        return [_in_ticks(packet) for packet in self.stream.encode(picture)]

    def _drain(self) -> list[AnyPacket]:
        return [_in_ticks(packet) for packet in self.stream.encode(None)]


def _in_ticks(packet: AnyPacket) -> AnyPacket:
    """The packet with its times in ticks."""
    base = packet.time_base
    if base != TICK:
        scale = base * TICKS_PER_SECOND
        if packet.pts is not None:
            packet.pts = round(packet.pts * scale)
        if packet.dts is not None:
            packet.dts = round(packet.dts * scale)
        packet.duration = round((packet.duration or 0) * scale)
        packet.time_base = TICK
    return packet
