"""A media file or stream, taken apart into GOPs.

H.264 and H.265 pictures and AAC sound go through untouched; the rest is encoded anew on the way
(``transcode``). The files come from anywhere, so what FFmpeg may do with one is bounded: it
opens that file and no other, and forms that only point elsewhere (playlists) or that make a
picture of anything (text) are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.video.stream import VideoStream

from footage.media.display_order import DisplayOrder
from footage.media.errors import Broken, Encrypted, NotReadable, NoVideo
from footage.media.gops import TICKS_PER_SECOND, AnyPacket, Gop, GopAssembler
from footage.media.keyframe_reader import KeyframeReader
from footage.media.segment_muxer import Tracks
from footage.media.silence import Silence
from footage.media.transcode import TICK, AudioTranscoder, VideoTranscoder

_COPIED_VIDEO = frozenset({"h264", "hevc"})
_COPIED_AUDIO = "aac"
_REFUSED_FORMATS = frozenset(
    {"concat", "dash", "ffmetadata", "hls", "imf", "lavfi", "rtp", "rtsp", "sdp", "tty"}
)
_TS_PACKETS = (188, 192, 204)
"""Sizes of a transport stream's packets: plain, with a time code, with error correction."""
_WITHOUT_SHOWN_TIMES = frozenset({"avi", "h264", "hevc"})
"""Formats that tell the order of decoding alone."""
_ENCRYPTION = "encryption_info"
_OPTIONS = {
    "protocol_whitelist": "file",
    "fflags": "+genpts",
    # A transport stream tells of its sound only when it comes, which may be late.
    "probesize": "64000000",
    "analyzeduration": "60000000",
}
_FILE_MAX_FRAME = 30 * TICKS_PER_SECOND
"""In a file a picture may stand for half a minute (a variable rate) before it counts as a gap."""
_SHORT_BY = TICKS_PER_SECOND
"""How much less than its header promises a file may hold and still pass for whole."""
_PICTURE_SECONDS = Fraction(1, 25)
"""Taken for a picture's length where nothing tells it."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a source is, in words for an operator: codecs, and what is encoded anew."""

    video: str
    audio: str | None
    video_transcoded: bool
    audio_transcoded: bool
    duration_ms: int | None
    size_bytes: int


class FileSource:
    """A file's GOPs, in order. Use as a context manager.

    Raises NotReadable (NoVideo, Encrypted) on opening; ``gops`` raises Broken after the last
    good GOP where the file breaks off.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container = _open(path)
        try:
            self._video, self._audio = _choose(self._container, path)
        except NotReadable:
            self._container.close()
            raise
        self._video_coder = (
            None if self._video.codec_context.name in _COPIED_VIDEO else VideoTranscoder(self._video)
        )
        self._audio_coder: AudioTranscoder | None = None
        if self._audio is not None and self._audio.codec_context.name != _COPIED_AUDIO:
            self._audio_coder = AudioTranscoder(self._audio)
        self.tracks = Tracks(
            self._video_coder.stream if self._video_coder else self._video,
            self._audio_coder.stream if self._audio_coder else self._audio,
        )
        self._keyframes = KeyframeReader(self.tracks)
        self._assembler = GopAssembler(
            frame_ticks=_frame_ticks(self._video),
            max_frame=_FILE_MAX_FRAME,
            has_audio=self._audio is not None,
            silence=Silence.like(self.tracks.audio) if self.tracks.audio else None,
        )
        self._video_ticks = _Ticks(self._video)
        self._audio_ticks = _Ticks(self._audio or self._video)
        self._video_index = self._video.index
        self._pictures = 0
        self._order: DisplayOrder | None = None
        if (
            self._video_coder is None
            and self._container.format.name in _WITHOUT_SHOWN_TIMES
            and self._video.codec_context.has_b_frames
        ):
            self._order = DisplayOrder(self._video, _frame_ticks(self._video))
        self._last_sound = -(1 << 62)
        self._sound_to = 0
        self.first_ticks: int | None = None
        self.read_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    @property
    def summary(self) -> Summary:
        """What it is."""
        duration = self._container.duration
        return Summary(
            video=self._video.codec_context.name,
            audio=self._audio.codec_context.name if self._audio else None,
            video_transcoded=self._video_coder is not None,
            audio_transcoded=self._audio_coder is not None,
            duration_ms=None if duration is None or duration <= 0 else -(-duration // 1000),
            size_bytes=self._path.stat().st_size,
        )

    @property
    def metadata(self) -> dict[str, str]:
        """The container's own tags."""
        return dict(self._container.metadata)

    def warnings(self) -> list[str]:
        """What was left out on the way, in words."""
        said = []
        if self._assembler.undecodable_pictures:
            said.append(f"{self._assembler.undecodable_pictures} pictures before a keyframe were left out")
        if self._assembler.late_sound_packets:
            said.append(f"{self._assembler.late_sound_packets} pieces of sound came too late")
        return said

    def gops(self) -> Iterator[Gop]:
        """Every GOP of the file; raises Broken where it breaks off, after the good ones."""
        broken: str | None = None
        packets = self._container.demux([s for s in (self._video, self._audio) if s is not None])
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except av.error.FFmpegError as error:
                broken = error.strerror or type(error).__name__
                break
            yield from self._take(packet)
        yield from self._flush()
        if self.first_ticks is None:
            raise NotReadable(f"{self._path.name}: its video has no picture")
        length = self._assembler.shown_to - self.first_ticks
        broken = broken or self._falls_short(length)
        if broken:
            raise Broken(f"{self._path.name} breaks off after {length / TICKS_PER_SECOND:.3f} s: {broken}")

    def _take(self, packet: AnyPacket) -> list[Gop]:
        if packet.size == 0:
            return []
        self.read_bytes += packet.size
        if packet.stream_index == self._video_index:
            if self._video_coder is None:
                return [gop for timed in self._timed(packet) for gop in self._picture(timed)]
            return [gop for coded in self._video_coder.push(packet) for gop in self._picture(coded)]
        if self._audio_coder is None:
            return self._sound(self._audio_ticks.of(packet))
        return [gop for coded in self._audio_coder.push(packet) for gop in self._sound(coded)]

    def _timed(self, packet: AnyPacket) -> list[AnyPacket]:
        """The packet in ticks; where the container tells no presentation time, found out."""
        packet = self._video_ticks.of(packet)
        return [packet] if self._order is None else self._order.push(packet)

    def _picture(self, packet: AnyPacket) -> list[Gop]:
        if self.first_ticks is None and not packet.is_discard:
            self.first_ticks = packet.pts if packet.pts is not None else packet.dts or 0
        self._pictures += 1
        codecs = None
        if packet.is_keyframe:
            if any(data.data_type == _ENCRYPTION for data in packet.iter_sidedata()):
                raise Encrypted(f"{self._path.name}: its video is encrypted")
            packet, codecs = self._keyframes.read(packet)
        return self._assembler.video(packet, codecs)

    def _sound(self, packet: AnyPacket) -> list[Gop]:
        """Sound with times that rise: muxers take no others."""
        pts = packet.pts if packet.pts is not None else packet.dts
        if pts is None:
            pts = self._sound_to
        elif pts <= self._last_sound:
            pts = self._last_sound + 1
        packet.pts = packet.dts = self._last_sound = pts
        self._sound_to = pts + max(packet.duration or 0, 1)
        return self._assembler.audio(packet)

    def _flush(self) -> Iterator[Gop]:
        for coder in (self._video_coder, self._order):
            for packet in coder.flush() if coder else ():
                yield from self._picture(packet)
        for packet in self._audio_coder.flush() if self._audio_coder else ():
            yield from self._sound(packet)
        yield from self._assembler.flush()

    def _falls_short(self, length: int) -> str | None:
        """The header promised more than came."""
        if self._container.format.name == "mpegts" and all(
            self._path.stat().st_size % packet for packet in _TS_PACKETS
        ):
            return "it ends inside a packet"
        if self._pictures < self._video.frames * 99 // 100:
            return f"its header promises {self._video.frames} pictures, {self._pictures} came"
        duration, base = self._video.duration, self._video.time_base
        if duration is not None and base is not None:
            promised = round(duration * base * TICKS_PER_SECOND)
        elif self._container.duration is not None and self._audio is None:
            promised = self._container.duration * TICKS_PER_SECOND // av.time_base
        else:
            return None
        if length >= promised - max(_SHORT_BY, promised // 100):
            return None
        return f"its header promises {promised / TICKS_PER_SECOND:.3f} s"


def _open(path: Path) -> InputContainer:
    try:
        container = av.open(
            str(path),
            options=_OPTIONS,
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotReadable(f"{path.name}: {reason}") from error
    kinds = set(container.format.name.split(","))
    if kinds & _REFUSED_FORMATS or "pipe" in container.format.name:
        container.close()
        raise NotReadable(f"{path.name}: {container.format.long_name} is not footage")
    return container


def _choose(container: InputContainer, path: Path) -> tuple[VideoStream, AudioStream | None]:
    """The video track with the most pixels that is no cover picture, and the sound beside it."""
    videos = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not videos:
        raise NoVideo(f"{path.name}: it has no video track")
    video = max(videos, key=lambda stream: stream.width * stream.height)
    audio = container.streams.best("audio", related=video)
    if not video.width or not video.height:
        raise NotReadable(f"{path.name}: its video cannot be decoded")
    if not isinstance(audio, AudioStream) or not audio.rate:
        audio = None
    return video, audio


def _frame_ticks(video: VideoStream) -> int:
    rate = video.average_rate or video.guessed_rate
    seconds = 1 / rate if rate else _PICTURE_SECONDS
    return max(round(seconds * TICKS_PER_SECOND), 1)


class _Ticks:
    """Puts the packets of one stream into ticks. Its scale is worked out once, not a packet."""

    def __init__(self, stream: VideoStream | AudioStream) -> None:
        base = stream.time_base or TICK
        self._times, self._per = base.numerator * TICKS_PER_SECOND, base.denominator
        self._half = self._per // 2
        self._already = base == TICK

    def of(self, packet: AnyPacket) -> AnyPacket:
        """The packet with its times in ticks."""
        if self._already:
            return packet
        times, per, half = self._times, self._per, self._half
        pts, dts = packet.pts, packet.dts
        if pts is not None:
            packet.pts = (pts * times + half) // per
        if dts is not None:
            packet.dts = (dts * times + half) // per
        packet.duration = ((packet.duration or 0) * times + half) // per
        packet.time_base = TICK
        return packet
