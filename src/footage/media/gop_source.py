"""Packets of one source become GOPs: what files and live streams have in common.

H.264 and H.265 pictures and AAC sound go through untouched; the rest is encoded anew on the way
(``transcode``).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from footage.media.display_order import DisplayOrder
from footage.media.errors import Encrypted
from footage.media.gops import TICKS_PER_SECOND, AnyPacket, Gop, GopAssembler
from footage.media.keyframe_reader import KeyframeReader
from footage.media.segment_muxer import Tracks
from footage.media.silence import Silence
from footage.media.transcode import TICK, AudioTranscoder, VideoTranscoder

COPIED_VIDEO = frozenset({"h264", "hevc"})
_COPIED_AUDIO = "aac"
_ENCRYPTION = "encryption_info"
_PICTURE_SECONDS = Fraction(1, 25)
"""Taken for a picture's length where nothing tells it."""


class GopSource:
    """The chosen tracks of an open container as GOPs.

    ``max_frame`` is the longest a picture may stand, in ticks. ``in_shown_order`` is False for
    containers that tell the order of decoding alone. ``tracks`` are those that go into segments,
    ``name`` is for messages.
    """

    def __init__(
        self,
        name: str,
        video: VideoStream,
        audio: AudioStream | None,
        *,
        max_frame: int,
        in_shown_order: bool = True,
    ) -> None:
        self._name = name
        self._video, self._audio = video, audio
        self._video_coder = None if video.codec_context.name in COPIED_VIDEO else VideoTranscoder(video)
        self._audio_coder: AudioTranscoder | None = None
        if audio is not None and audio.codec_context.name != _COPIED_AUDIO:
            self._audio_coder = AudioTranscoder(audio)
        self.tracks = Tracks(
            self._video_coder.stream if self._video_coder else video,
            self._audio_coder.stream if self._audio_coder else audio,
        )
        self._keyframes = KeyframeReader(self.tracks)
        self._assembler = GopAssembler(
            frame_ticks=_frame_ticks(video),
            max_frame=max_frame,
            has_audio=audio is not None,
            silence=Silence.like(self.tracks.audio) if self.tracks.audio else None,
        )
        self._video_ticks = _Ticks(video)
        self._audio_ticks = _Ticks(audio or video)
        self._video_index = video.index
        self._order: DisplayOrder | None = None
        if self._video_coder is None and not in_shown_order and video.codec_context.has_b_frames:
            self._order = DisplayOrder(video, _frame_ticks(video))
        self._last_sound = -(1 << 62)
        self._sound_to = 0
        self.pictures = 0
        self.first_ticks: int | None = None
        self.read_bytes = 0

    @property
    def streams(self) -> list[VideoStream | AudioStream]:
        """The chosen tracks of the container."""
        return [stream for stream in (self._video, self._audio) if stream is not None]

    @property
    def video_transcoded(self) -> bool:
        """True where its pictures are encoded anew."""
        return self._video_coder is not None

    @property
    def audio_transcoded(self) -> bool:
        """True where its sound is encoded anew."""
        return self._audio_coder is not None

    @property
    def undecodable_pictures(self) -> int:
        """Pictures left out because nothing could decode them."""
        return self._assembler.undecodable_pictures

    @property
    def late_sound_packets(self) -> int:
        """Pieces of sound left out because they came too late."""
        return self._assembler.late_sound_packets

    @property
    def pictures_waiting(self) -> int:
        """Pictures since the last keyframe."""
        return self._assembler.pictures_waiting

    @property
    def shown_to(self) -> int:
        """Where the last picture ends, in ticks."""
        return self._assembler.shown_to

    def take(self, packet: AnyPacket, arrived: int | None = None) -> list[Gop]:
        """The GOPs that a packet completes; ``arrived`` is the tick at which it came, if live."""
        if packet.size == 0:
            return []
        self.read_bytes += packet.size
        if packet.stream_index == self._video_index:
            if self._video_coder is None:
                return [gop for timed in self._timed(packet) for gop in self._picture(timed, arrived)]
            return [gop for coded in self._video_coder.push(packet) for gop in self._picture(coded)]
        if self._audio_coder is None:
            return self._sound(self._audio_ticks.of(packet))
        return [gop for coded in self._audio_coder.push(packet) for gop in self._sound(coded)]

    def flush(self) -> Iterator[Gop]:
        """The source has ended: the GOPs that are left."""
        for coder in (self._video_coder, self._order):
            for packet in coder.flush() if coder else ():
                yield from self._picture(packet)
        for packet in self._audio_coder.flush() if self._audio_coder else ():
            yield from self._sound(packet)
        yield from self._assembler.flush()

    def _timed(self, packet: AnyPacket) -> list[AnyPacket]:
        """The packet in ticks; where the container tells no presentation time, found out."""
        packet = self._video_ticks.of(packet)
        return [packet] if self._order is None else self._order.push(packet)

    def _picture(self, packet: AnyPacket, arrived: int | None = None) -> list[Gop]:
        if self.first_ticks is None and not packet.is_discard:
            self.first_ticks = packet.pts if packet.pts is not None else packet.dts or 0
        self.pictures += 1
        codecs = None
        if packet.is_keyframe:
            if any(data.data_type == _ENCRYPTION for data in packet.iter_sidedata()):
                raise Encrypted(f"{self._name}: its video is encrypted")
            packet, codecs = self._keyframes.read(packet)
        return self._assembler.video(packet, codecs, arrived)

    def _sound(self, packet: AnyPacket) -> list[Gop]:
        """Sound with times that rise, for muxers take no others; a jump back is the pictures' too."""
        pts = packet.pts if packet.pts is not None else packet.dts
        if pts is None:
            pts = self._sound_to
        elif self._last_sound - TICKS_PER_SECOND < pts <= self._last_sound:
            pts = self._last_sound + 1
        packet.pts = packet.dts = self._last_sound = pts
        self._sound_to = pts + max(packet.duration or 0, 1)
        return self._assembler.audio(packet)


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
