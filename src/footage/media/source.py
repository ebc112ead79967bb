"""A media file, taken apart into GOPs.

The files come from anywhere, so what FFmpeg may do with one is bounded: it
opens that file and no other, and forms that only point elsewhere (playlists) or that make a
picture of anything (text) are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.video.stream import VideoStream

from footage.media.errors import Broken, NotReadable, NoVideo
from footage.media.gop_source import GopSource
from footage.media.gops import TICKS_PER_SECOND, Gop
from footage.media.segment_muxer import Tracks

_REFUSED_FORMATS = frozenset(
    {"concat", "dash", "ffmetadata", "hls", "imf", "lavfi", "rtp", "rtsp", "sdp", "tty"}
)
_TS_PACKETS = (188, 192, 204)
"""Sizes of a transport stream's packets: plain, with a time code, with error correction."""
_WITHOUT_SHOWN_TIMES = frozenset({"avi", "h264", "hevc"})
"""Formats that tell the order of decoding alone."""
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
            self._video, self._audio = choose_tracks(self._container, path.name)
            self._source = GopSource(
                path.name,
                self._video,
                self._audio,
                max_frame=_FILE_MAX_FRAME,
                in_shown_order=self._container.format.name not in _WITHOUT_SHOWN_TIMES,
            )
        except NotReadable:
            self._container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    @property
    def tracks(self) -> Tracks:
        """The streams that go into segments."""
        return self._source.tracks

    @property
    def first_ticks(self) -> int | None:
        """When the first picture is shown; None before it was read."""
        return self._source.first_ticks

    @property
    def read_bytes(self) -> int:
        """How much of it was read."""
        return self._source.read_bytes

    @property
    def summary(self) -> Summary:
        """What it is."""
        duration = self._container.duration
        return Summary(
            video=self._video.codec_context.name,
            audio=self._audio.codec_context.name if self._audio else None,
            video_transcoded=self._source.video_transcoded,
            audio_transcoded=self._source.audio_transcoded,
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
        if self._source.undecodable_pictures:
            said.append(f"{self._source.undecodable_pictures} pictures before a keyframe were left out")
        if self._source.late_sound_packets:
            said.append(f"{self._source.late_sound_packets} pieces of sound came too late")
        return said

    def gops(self) -> Iterator[Gop]:
        """Every GOP of the file; raises Broken where it breaks off, after the good ones."""
        broken: str | None = None
        packets = self._container.demux(self._source.streams)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except av.error.FFmpegError as error:
                broken = error.strerror or type(error).__name__
                break
            yield from self._source.take(packet)
        yield from self._source.flush()
        if self._source.first_ticks is None:
            raise NotReadable(f"{self._path.name}: its video has no picture")
        length = self._source.shown_to - self._source.first_ticks
        broken = broken or self._falls_short(length)
        if broken:
            raise Broken(f"{self._path.name} breaks off after {length / TICKS_PER_SECOND:.3f} s: {broken}")

    def _falls_short(self, length: int) -> str | None:
        """The header promised more than came."""
        if self._container.format.name == "mpegts" and all(
            self._path.stat().st_size % packet for packet in _TS_PACKETS
        ):
            return "it ends inside a packet"
        if self._source.pictures < self._video.frames * 99 // 100:
            return f"its header promises {self._video.frames} pictures, {self._source.pictures} came"
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


def choose_tracks(container: InputContainer, name: str) -> tuple[VideoStream, AudioStream | None]:
    """The video track with the most pixels that is no cover picture, and the sound beside it.

    Raises NoVideo, NotReadable.
    """
    videos = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not videos:
        raise NoVideo(f"{name}: it has no video track")
    video = max(videos, key=lambda stream: stream.width * stream.height)
    audio = container.streams.best("audio", related=video)
    if not video.width or not video.height:
        raise NotReadable(f"{name}: its video cannot be decoded")
    if not isinstance(audio, AudioStream) or not audio.rate:
        audio = None
    return video, audio
