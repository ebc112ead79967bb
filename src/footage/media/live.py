"""A camera's live stream, taken apart into GOPs: RTSP over TCP or UDP, rtsps, HTTP(S), SRT.

What FFmpeg may do with a URL is bounded: it speaks the protocols named here and no other, so no
URL opens a file of this machine; and it connects to addresses that were looked at (design/security.md
says what remains). Video is copied, never encoded anew. Every failure is a NotLive
with its reason, in words that never hold the URL, for it may carry a password.
"""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.video.stream import VideoStream

from footage.media.errors import NotLive
from footage.media.gop_source import COPIED_VIDEO, GopSource
from footage.media.gops import TICKS_PER_SECOND, AnyPacket, Gop
from footage.media.http_gate import HttpGate
from footage.media.naps import Naps
from footage.media.segment_muxer import Tracks
from footage.media.source_addresses import Network, find_addresses, pinned, split_source
from footage.timeline import Reason, Source

PROTOCOLS = {
    "rtsp": "rtsp,rtp,srtp,tcp,udp",
    "rtsps": "rtsp,rtp,srtp,tcp,udp,tls",
    "http": "http,httpproxy,https,tls,tcp,crypto",
    "https": "http,httpproxy,https,tls,tcp,crypto",
    "srt": "srt,udp",
}
"""What a URL of each scheme may make FFmpeg speak."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_THROUGH_GATE = frozenset({"http", "https"})

_MAX_FRAME = 2 * TICKS_PER_SECOND
"""The longest that a live picture may stand; a longer hole ends the run."""
_MAX_PICTURES = 6000
"""Pictures without a keyframe, some minutes of them, before a stream is given up: they are all held."""
_GIVEN_UP_DAMAGE = 100
"""Damaged packets in a row before what comes is garbage."""
_UDP_BUFFER_BYTES = 4 << 20

_REASONS: tuple[tuple[type[Exception], Reason, str], ...] = (
    (av.error.HTTPUnauthorizedError, Reason.WRONG_PASSWORD, "it refuses the name or the password"),
    (av.error.HTTPForbiddenError, Reason.WRONG_PASSWORD, "it refuses the name or the password"),
    (av.error.HTTPNotFoundError, Reason.NOT_FOUND, "it has no such stream"),
    (av.error.HTTPError, Reason.REFUSED, "it answers with an error"),
    (av.error.ConnectionRefusedError, Reason.REFUSED, "nobody listens there"),
    (av.error.ProtocolNotFoundError, Reason.UNSUPPORTED, "this build cannot speak its protocol"),
    (av.error.DemuxerNotFoundError, Reason.UNSUPPORTED, "this build cannot read its format"),
    (av.error.InvalidDataError, Reason.GARBAGE, "what it sends cannot be taken apart"),
    (av.error.EOFError, Reason.LOST, "it ended the connection"),
    (av.error.ConnectionResetError, Reason.LOST, "it broke the connection"),
    (av.error.BrokenPipeError, Reason.LOST, "it broke the connection"),
)
_UNREACHABLE = frozenset(
    # FFmpeg says EIO where a name cannot be resolved.
    {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EIO}
)
_TIMEOUTS = (av.error.ExitError, av.error.TimeoutError)


class LiveSource:
    """An open live stream. Use as a context manager, from one thread.

    ``stall_s`` is how long it may send nothing.
    ``local_sources`` are networks of this host itself where the stream may come from all the same.
    Raises NotLive on opening.
    """

    def __init__(
        self,
        source: Source,
        *,
        open_s: float = 10.0,
        stall_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        local_sources: Sequence[Network] = (),
    ) -> None:
        self._clock = clock
        self._gate: HttpGate | None = None
        scheme, parts = _scheme(source), split_source(source.url)
        if scheme in _THROUGH_GATE:
            self._gate = HttpGate(local_sources, connect_s=min(open_s, stall_s))
            url, more = source.url, {"http_proxy": self._gate.url}
        else:
            addresses = find_addresses(str(parts.hostname), parts.port or 0, local_sources)
            # Where TLS is spoken the server may want to hear its name.
            url, more = source.url if scheme == "rtsps" else pinned(parts, addresses[0]), {}
        try:
            self._container = _open(source, url, scheme, more, open_s=open_s, stall_s=stall_s)
        except NotLive as error:
            refused = self._gate.refused if self._gate else None
            self._close_gate()
            raise refused or error from None
        try:
            video, audio = _choose(self._container, with_audio=source.with_audio)
            self._source = GopSource("the stream", video, audio, max_frame=_MAX_FRAME)
        except NotLive:
            self._container.close()
            self._close_gate()
            raise
        self._packets = self._container.demux(self._source.streams)
        self._may_gather = source.transport == "tcp"
        self._nap_s = 0.0
        self._naps = Naps()
        self._video_index, self._tick_s = video.index, float(video.time_base or 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()
        self._close_gate()

    def _close_gate(self) -> None:
        if self._gate is not None:
            self._gate.close()

    @property
    def tracks(self) -> Tracks:
        """The streams that go into segments."""
        return self._source.tracks

    @property
    def packets_dropped(self) -> int:
        """Pictures that nothing could decode, and sound that came too late."""
        return self._source.undecodable_pictures + self._source.late_sound_packets

    @property
    def is_read_out(self) -> bool:
        """True where nothing that came is left unread."""
        return self._naps.is_caught_up

    def nap(self, seconds: float) -> None:
        """From here on let packets gather so long in the kernel, where that is safe (TCP).

        A thread that is woken for each of them costs twice the CPU (bench/). Not before it is known
        to be a camera: a file comes as fast as it is read, and a reader that sleeps because its reads
        take long, as all do on a busy machine, takes it for live.
        """
        if self._may_gather:
            self._nap_s = seconds

    def packets(self) -> Iterator[tuple[AnyPacket, int]]:
        """Each packet as it comes, with its time of arrival in ticks. Raises NotLive at the end."""
        damaged = 0
        while True:
            if self._nap_s and self._naps.is_caught_up:
                time.sleep(self._nap_s)
            asked = self._clock()
            try:
                packet = next(self._packets)
            except StopIteration:
                raise NotLive(Reason.LOST, "it ended the connection") from None
            except av.error.InvalidDataError as error:
                damaged += 1
                if damaged >= _GIVEN_UP_DAMAGE:
                    raise _not_live(error, Reason.STALLED) from None
                continue
            except (av.error.FFmpegError, OSError) as error:
                raise _not_live(error, Reason.STALLED) from None
            damaged = 0
            arrived = self._clock()
            dts = packet.dts if packet.stream_index == self._video_index else None
            self._naps.read(asked, arrived, None if dts is None else dts * self._tick_s)
            yield packet, int(arrived * TICKS_PER_SECOND)

    def take(self, packet: AnyPacket, arrived: int) -> list[Gop]:
        """The GOPs that a packet completes. Raises NotLive where no keyframe ever comes."""
        done = self._source.take(packet, arrived)
        if not done and self._source.pictures_waiting > _MAX_PICTURES:
            raise NotLive(Reason.GARBAGE, "it sends no keyframes")
        return done

    def flush(self) -> Iterator[Gop]:
        """The GOPs that are left when no more is to come."""
        return self._source.flush()


def _scheme(source: Source) -> str:
    scheme = source.url.partition(":")[0].lower()
    if scheme not in PROTOCOLS:
        # What is no name of a protocol may be anything, a path or a password, and is not repeated.
        name = scheme if _SCHEME.fullmatch(scheme) else "this"
        raise NotLive(Reason.UNSUPPORTED, f"{name} is not a protocol of cameras")
    return scheme


def _open(
    source: Source, url: str, scheme: str, more: Mapping[str, str], *, open_s: float, stall_s: float
) -> InputContainer:
    # Left on, FFmpeg takes a camera's clock that is set back for an overflow and adds 2**32 ticks.
    options = {"protocol_whitelist": PROTOCOLS[scheme], "correct_ts_overflow": "0", **more}
    if scheme.startswith("rtsp"):
        options |= {
            "rtsp_transport": source.transport if scheme == "rtsp" else "tcp",
            "allowed_media_types": "video+audio" if source.with_audio else "video",
            "timeout": str(int(stall_s * 1_000_000)),
            "buffer_size": str(_UDP_BUFFER_BYTES),
        }
    began = time.monotonic()
    try:
        return av.open(url, options=options, timeout=(open_s, stall_s), metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        # FFmpeg says InvalidData where it was interrupted by the time that was given.
        if time.monotonic() - began >= min(open_s, stall_s):
            raise NotLive(Reason.NO_ANSWER, "it does not answer") from None
        if isinstance(error, av.error.InvalidDataError):
            # And so it does where there was no answer before the end.
            raise NotLive(Reason.GARBAGE, "it hangs up, or its answer cannot be understood") from None
        raise _not_live(error, Reason.NO_ANSWER) from None


def _choose(container: InputContainer, *, with_audio: bool) -> tuple[VideoStream, AudioStream | None]:
    """The largest picture, which the parameter sets may not have told yet, and the first sound."""
    if not container.streams.video:
        raise NotLive(Reason.NO_VIDEO, "it sends no video")
    video = max(container.streams.video, key=lambda stream: stream.width * stream.height)
    if video.codec_context.name not in COPIED_VIDEO:
        raise NotLive(
            Reason.UNSUPPORTED, f"its video is {video.codec_context.name}; H.264 and H.265 are recorded"
        )
    heard = [stream for stream in container.streams.audio if stream.rate]
    return video, heard[0] if with_audio and heard else None


def _not_live(error: Exception, on_timeout: Reason) -> NotLive:
    """The error with its reason. FFmpeg's own text may hold the URL; its words for the code do not."""
    if isinstance(error, _TIMEOUTS):
        return NotLive(
            on_timeout, "it does not answer" if on_timeout is Reason.NO_ANSWER else "nothing comes any more"
        )
    for kind, reason, words in _REASONS:
        if isinstance(error, kind):
            return NotLive(reason, words)
    if isinstance(error, ValueError):
        return NotLive(Reason.GARBAGE, "what it sends cannot be taken apart")
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return NotLive(Reason.UNREACHABLE, "there is no way to its address")
    return NotLive(Reason.LOST, getattr(error, "strerror", None) or type(error).__name__)
