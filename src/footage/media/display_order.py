"""When pictures are shown, for containers that tell only in which order they are decoded.

Raw streams and AVI carry no presentation times, and with B-frames the two orders differ. Only a
decoder knows, so the pictures go through one, for nothing but the order in which they come out.
"""

from __future__ import annotations

from collections import deque

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from footage.media.gops import AnyPacket

_WAIT_MAX = 64
"""More than any decoder holds back: a picture that has not come out by then never will."""

_AHEAD = 6
"""How many pictures decoding runs ahead of showing: more than encoders reorder by."""


class DisplayOrder:
    """Gives each packet of one stream its pts, in ticks.

    The n-th picture shown has the time of the n-th packet, so a steady rate stays steady;
    decoding times move ahead to make room.
    """

    def __init__(self, stream: VideoStream, frame_ticks: int) -> None:
        source = stream.codec_context
        context = av.CodecContext.create(source.name, "r")
        assert isinstance(context, VideoCodecContext)
        context.extradata = source.extradata
        self._decoder = context
        self._frame = frame_ticks
        self._ahead = _AHEAD * frame_ticks
        self._times: list[int] = []
        self._waiting: deque[tuple[int, AnyPacket]] = deque()
        self._shown: dict[int, int] = {}
        self._ranks = 0

    def push(self, packet: AnyPacket) -> list[AnyPacket]:
        """Take a packet in decoding order; return those whose time is known now."""
        number = len(self._times)
        last = self._times[-1] if self._times else -self._frame
        self._times.append(last + self._frame if packet.dts is None else packet.dts)
        self._waiting.append((number, packet))
        packet.pts = number
        self._decode(packet)
        return self._ready()

    def flush(self) -> list[AnyPacket]:
        """The stream has ended."""
        self._decode(None)
        done = self._ready()
        while self._waiting:
            done += [self._timed(*self._waiting.popleft()), *self._ready()]
        return done

    def _decode(self, packet: AnyPacket | None) -> None:
        try:
            frames = self._decoder.decode(packet)
        except av.error.InvalidDataError:
            return
        for frame in frames:
            if frame.pts is not None:
                self._shown[frame.pts] = self._ranks
                self._ranks += 1

    def _ready(self) -> list[AnyPacket]:
        done = []
        while self._waiting and (self._waiting[0][0] in self._shown or len(self._waiting) > _WAIT_MAX):
            done.append(self._timed(*self._waiting.popleft()))
        return done

    def _timed(self, number: int, packet: AnyPacket) -> AnyPacket:
        rank = self._shown.pop(number, number)
        packet.pts = self._times[min(rank, len(self._times) - 1)]
        packet.dts = self._times[number] - self._ahead
        return packet
